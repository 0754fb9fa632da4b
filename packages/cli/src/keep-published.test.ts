import { BlackholeError, errorFromWire } from '@blackhole/protocol'
import { expect, test } from 'vitest'
import { keepPublished } from './keep-published.ts'

/** A folder whose changes and waits are the test's to give. */
function setUp(outcomes: (readonly Error[] | Error)[]) {
  const controller = new AbortController()
  const log: string[] = []
  const changes: ((result: IteratorResult<string, undefined>) => void)[] = []
  const waits: { ms: number; end: () => void }[] = []
  const components = {
    changes: {
      next: () => new Promise<IteratorResult<string, undefined>>((resolve) => changes.push(resolve)),
    } as unknown as AsyncGenerator<string>,
    publish: (again: boolean) => {
      const outcome = outcomes.shift() ?? []
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
    start: (failed: readonly Error[] = []) => keepPublished(components, { signal: controller.signal, failed }),
    stop: () => {
      controller.abort()
      for (const change of changes.splice(0)) change({ done: true, value: undefined })
    },
  }
}

const DOWN = new BlackholeError('unavailable', 'the relay is down')

test('what a relay could not take is tried again, later and later, said once, until it is there', async () => {
  const { log, waits, change, start, stop } = setUp([DOWN, DOWN, [DOWN], []])
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
  const { log, waits, change, start, stop } = setUp([DOWN, new BlackholeError('invalid', 'a symbolic link'), []])
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
  const { log, waits, start, stop } = setUp([[]])
  const running = start([DOWN])
  await expect.poll(() => waits.length).toBe(1)
  waits[0]?.end()
  await expect.poll(() => log[0]).toBe('again')
  stop()
  await running
})

const REFUSED = new BlackholeError('forbidden', 'this relay takes no such key')

test('a relay that refuses for good is not asked again before a change, and holds up no other', async () => {
  const { log, waits, change, start, stop } = setUp([[REFUSED, DOWN], [REFUSED], [REFUSED]])
  const running = start([REFUSED])
  change()
  await expect.poll(() => waits.length).toBe(1)
  waits[0]?.end()
  await expect.poll(() => log.at(-1)).toMatch(/^Caught up: .* but those that refuse it\.$/)
  change()
  await expect.poll(() => log.at(-1)).toBe('publish')
  expect(waits).toHaveLength(1)
  stop()
  await running
})

test('all of several relays that refuse for good wait for a change; one of them that is down is asked again', async () => {
  const all = (...errors: Error[]) =>
    new BlackholeError('unavailable', `No relay took it ${String(errors.length)}`, {
      cause: new AggregateError(errors),
    })
  const full = new BlackholeError('full', 'no space')
  const { log, waits, change, start, stop } = setUp([all(REFUSED, full), all(REFUSED, full, DOWN)])
  const running = start()
  change()
  await expect.poll(() => log.at(-1)).toMatch(/It is tried again at the next change\.$/)
  expect(waits).toHaveLength(0)
  change()
  await expect.poll(() => waits.length).toBe(1)
  expect(log.at(-1)).toMatch(/It is tried again until it is\.$/)
  stop()
  await running
})

test('asking too often passes, and so do blocks that were collected; a quota does not', async () => {
  const often = errorFromWire({ name: 'RateError', reason: 'limit', message: 'too often' })
  const { log, waits, change, start, stop } = setUp([
    often,
    new BlackholeError('incomplete', 'collected'),
    new BlackholeError('limit', 'too large'),
  ])
  const running = start()
  change()
  for (const index of [0, 1]) {
    await expect.poll(() => waits.length).toBe(index + 1)
    waits[index]?.end()
  }
  await expect.poll(() => log.at(-1)).toMatch(/^not published: too large\n {2}It is tried again at the next change\.$/)
  expect(waits).toHaveLength(2)
  stop()
  await running
})
