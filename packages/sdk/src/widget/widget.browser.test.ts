import { afterEach, describe, expect, it } from 'vitest'
import type { LoadedPeer, PageStatus } from '../loader/loader-config.ts'
import { showWidget } from './widget.ts'

/** A peer that does as it is told. */
class FakePeer extends EventTarget implements LoadedPeer {
  readonly joined = Promise.resolve()
  readonly choices: boolean[] = []
  #status: PageStatus = { role: 'host', peers: 2, received: { local: 0, peers: 2000, http: 0 }, shared: 500 }

  status(): Promise<PageStatus> {
    return Promise.resolve(this.#status)
  }

  setOptedOut(out: boolean): Promise<void> {
    this.choices.push(out)
    this.report({ role: out ? 'off' : 'host' })
    return Promise.resolve()
  }

  /** Has another status from now on, and says so. */
  report(status: Partial<PageStatus>): void {
    this.#status = { ...this.#status, ...status }
    this.dispatchEvent(new CustomEvent('statuschange', { detail: this.#status }))
  }
}

let added: HTMLElement | undefined

afterEach(() => {
  added?.remove()
})

async function show(init: { prompt: boolean; always: boolean }): Promise<{ peer: FakePeer; root: ShadowRoot }> {
  const peer = new FakePeer()
  added = showWidget(peer, { document, ...init })
  await peer.status()
  if (added.shadowRoot === null) throw new Error('The widget has no shadow root')
  return { peer, root: added.shadowRoot }
}

describe('the widget', () => {
  it('shows what is shared, and has a switch that stops it', async () => {
    const { peer, root } = await show({ prompt: false, always: true })
    expect(root.querySelector('summary')?.textContent).toBe('Connected to 2 visitors')
    expect([...root.querySelectorAll('dd')].map(({ textContent }) => textContent)).toEqual(['2.0 kB', '500 B'])
    const toggle = root.querySelector('input')
    expect(toggle?.getAttribute('role')).toBe('switch')
    expect(toggle?.labels?.[0]?.textContent).toContain('Share this site')
    expect(toggle?.checked).toBe(true)
    toggle?.click()
    expect(peer.choices).toEqual([true])
    expect(root.querySelector('summary')?.textContent).toBe('Not sharing')
    expect(toggle?.checked).toBe(false)
  })

  it('can be focused and opened', async () => {
    const { root } = await show({ prompt: false, always: true })
    const summary = root.querySelector('summary')
    summary?.focus()
    expect(root.activeElement).toBe(summary)
    expect(root.querySelector('details')?.open).toBe(false)
    summary?.click()
    expect(root.querySelector('details')?.open).toBe(true)
  })

  it('asks when it has to, and takes either answer', async () => {
    const { peer, root } = await show({ prompt: true, always: false })
    const dialog = root.querySelector<HTMLElement>('[role=dialog]')
    expect(root.querySelector('details')).toBeNull()
    expect(dialog?.hidden).toBe(true)
    peer.dispatchEvent(new CustomEvent('consent'))
    expect(dialog?.hidden).toBe(false)
    root.querySelector<HTMLButtonElement>('button.no')?.click()
    expect(peer.choices).toEqual([true])
    expect(dialog?.hidden).toBe(true)
  })

  it.each([
    ['yes', 'Nobody else is here'],
    ['no', 'Not sharing'],
  ])('asks in place of the panel, which comes after the answer %s', async (answer, summary) => {
    const { peer, root } = await show({ prompt: true, always: true })
    const panel = root.querySelector('details')
    const isVisible = (element: Element | null): boolean => element?.checkVisibility() ?? false
    expect(isVisible(panel)).toBe(false)
    peer.dispatchEvent(new CustomEvent('consent'))
    peer.report({ role: 'off', peers: 0 })
    expect(isVisible(root.querySelector('[role=dialog]'))).toBe(true)
    expect(isVisible(panel)).toBe(false)
    root.querySelector<HTMLButtonElement>(`button.${answer}`)?.click()
    expect(isVisible(root.querySelector('[role=dialog]'))).toBe(false)
    expect(isVisible(panel)).toBe(true)
    expect(root.querySelector('summary')?.textContent).toBe(summary)
  })

  it('asks no more when the visitor has agreed elsewhere', async () => {
    const { peer, root } = await show({ prompt: true, always: false })
    peer.dispatchEvent(new CustomEvent('consent'))
    peer.report({ role: 'guest' })
    expect(root.querySelector<HTMLElement>('[role=dialog]')?.hidden).toBe(true)
  })

  it('is not touched by the style of the page', async () => {
    const style = document.createElement('style')
    style.textContent = '* { display: none !important }'
    document.head.append(style)
    const { root } = await show({ prompt: false, always: true })
    const summary = root.querySelector('summary')
    expect(summary === null ? '' : getComputedStyle(summary).display).not.toBe('none')
    style.remove()
  })
})
