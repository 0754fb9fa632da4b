import { expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'

it.each(COMMANDS)('the table says of $name what the command says of itself', async ({ name, summary, load }) => {
  const command = await load()
  expect({ name: command.name, summary: command.summary }).toEqual({ name, summary })
  expect(command.examples.length).toBeGreaterThan(0)
})
