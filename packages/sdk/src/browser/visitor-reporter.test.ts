import { expect, it } from 'vitest'
import type { VisitorReport } from '@blackhole/protocol'
import { MemorySiteState } from '@blackhole/site'
import { VisitorReporter } from './visitor-reporter.ts'

it('tells what was counted since the last report, over visits, and the load of its page once', async () => {
  const state = new MemorySiteState()
  const sent: VisitorReport[] = []
  const page: { loadMs?: number } = {}
  let failing = false
  const reporter = (): VisitorReporter =>
    new VisitorReporter({
      state,
      counters: () => state.counters(),
      loadMs: () => page.loadMs,
      send: (report) => {
        if (failing) return Promise.reject(new Error('The relay is down'))
        sent.push(report)
        return Promise.resolve()
      },
      onError: () => undefined,
    })
  const first = reporter()
  await first.report()
  expect(sent, 'nothing was counted').toEqual([])

  await state.addCounters({ peers: 100, http: 10, local: 1, shared: 7 })
  page.loadMs = 480
  failing = true
  await expect(first.report()).rejects.toThrow('down')
  failing = false
  await state.addCounters({ peers: 5 })
  await first.report()
  await first.report()
  expect(sent).toEqual([{ peers: 105, http: 10, local: 1, loadMs: 480 }])

  // The next page of the visitor, where the first one left off.
  await state.addCounters({ http: 3 })
  await reporter().report()
  expect(sent[1]).toEqual({ peers: 0, http: 3, local: 0, loadMs: 480 })
})
