import { describe, expect, it } from 'vitest'
import { formatBytes, widgetView } from './widget-view.ts'

describe('widgetView', () => {
  it('shows what is shared', () => {
    const view = widgetView({ role: 'guest', peers: 1, received: { local: 9, peers: 1_500_000, http: 9 }, shared: 0 })
    expect(view).toEqual({
      summary: 'Connected to 1 visitor',
      sharing: true,
      connected: true,
      rows: [
        { label: 'Received from visitors', value: '1.5 MB' },
        { label: 'Given to visitors', value: '0 B' },
      ],
    })
  })

  it('says when nobody else is there', () => {
    const alone = { role: 'host', peers: 0, received: { local: 0, peers: 0, http: 0 }, shared: 0 } as const
    expect(widgetView(alone)).toMatchObject({ summary: 'Nobody else is here', sharing: true, connected: false })
  })

  it('says when nothing is', () => {
    expect(widgetView({ role: 'off', peers: 0, received: { local: 0, peers: 0, http: 0 }, shared: 1 })).toMatchObject({
      summary: 'Not sharing',
      sharing: false,
      connected: false,
    })
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_900, '99.9 kB'],
    [123_456, '123 kB'],
    [999_600, '1.0 MB'],
    [2e15, '2000 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})
