import { expect, it, vi } from 'vitest'
import { readCommandLine } from '../harness/options.ts'
import { gateway } from './gateway.ts'

it.each(['wrk', 'nginx'])('says that %s is missing, and measures nothing', async (missing) => {
  const said = vi.spyOn(console, 'error').mockReturnValue(undefined)
  try {
    const find = (name: string): string | undefined => (name === missing ? undefined : `/usr/bin/${name}`)
    expect(await gateway(readCommandLine(['gateway']), find)).toEqual({ rows: [], ratios: [] })
    expect(said.mock.calls).toEqual([[`Skipped: ${missing} is not installed (Debian has it in ${missing}).`]])
  } finally {
    said.mockRestore()
  }
})
