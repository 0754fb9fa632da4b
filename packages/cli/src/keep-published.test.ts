import { BlackholeError } from '@blackhole/protocol'
import { expect, test } from 'vitest'
import { keepPublished } from './keep-published.ts'

/** A folder whose changes and waits are the test's to give. */
function setUp(outcomes: (boolean | Error)[]) {
  const controller = new AbortController()
  const log: string[] = []
  const changes: ((result: IteratorResult<string, undefined>) => void)[] = []
  const waits: { ms: number; end: () => void }[] = []
  const components = {
    changes: {
      next: () => new Promise<IteratorResult<string, undefined>>((resolve) => changes.push(resolve)),
    } as unknown as AsyncGenerator<string>,
    publish: (again: boolean) => {
      const outcome = outcomes.shift() ?? true
      log.push(again ? 'again' : 'publish')
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome)
    },
    terminal: { note: (text: string) => log.push(text), warn: (text: string) => log.push(text) },
    wait: (ms: number) => new Promise<void>((end) => waits.push({ ms, end })),
  }
  return {
    log,
    waits,
    change: () => changes.shift()?.({ done: false, value: 'gone.html' }),
    start: (complete = true) => keepPublished(components, { signal: controller.signal, complete }),
    stop: () => {
      controller.abort()
      for (const change of changes.splice(0)) change({ done: true, value: undefined })
    },
  }
}

const DOWN = new BlackholeError('unavailable', 'the relay is down')

test('what a relay could not take is tried again, later and later, said once, until it is there', async () => {
  const { log, waits, change, start, stop } = setUp([DOWN, DOWN, false, true])
  const running = start()
  change()
  for (const [index, ms] of [1_000, 2_000, 4_000].entries()) {
    await expect.poll(() => waits.length).toBe(index + 1)
    expect(waits[index]?.ms).toBe(ms)
    waits[index]?.end()
  }
  const caughtUp = 'Caught up: every relay has what the folder holds now.'
  await expect.poll(() => log.at(-1)).toBe(caughtUp)
  expect(log).toEqual([
    'publish',
    'not published: the relay is down\n  It is tried again until it is.',
    'again',
    'again',
    'again',
    caughtUp,
  ])
  stop()
  await running
})

test('a change is no reason to wait, and what only a change can mend waits for one', async () => {
  const { log, waits, change, start, stop } = setUp([DOWN, new BlackholeError('invalid', 'a symbolic link'), true])
  const running = start()
  change()
  await expect.poll(() => waits.length).toBe(1)
  change()
  await expect.poll(() => log.length).toBe(4)
  expect(log[3]).toBe('not published: a symbolic link\n  It is tried again at the next change.')
  expect(waits).toHaveLength(1)
  change()
  await expect.poll(() => log.length).toBe(5)
  expect(log[4]).toBe('publish')
  stop()
  await running
})

test('a relay that did not take the first publish gets it too', async () => {
  const { log, waits, start, stop } = setUp([true])
  const running = start(false)
  await expect.poll(() => waits.length).toBe(1)
  waits[0]?.end()
  await expect.poll(() => log[0]).toBe('again')
  stop()
  await running
})
