import type { LoadedPeer, PageStatus } from '../loader/loader-config.ts'
import { WIDGET_STYLE } from './widget-style.ts'
import { widgetView } from './widget-view.ts'

/** Options of {@link showWidget}. */
export interface WidgetInit {
  readonly document: Document
  /** Ask the visitor before anything is shared, when the peer says that it has to. */
  readonly prompt: boolean
  /** Show the widget, not only the question. */
  readonly always: boolean
}

/**
 * Shows the widget: visitors connected, bytes from them and given to them, and
 * a switch to stop. It lives in a closed-off shadow root, speaks to keyboards
 * and screen readers, and builds no HTML from text.
 *
 * @returns the element that was added to the page
 */
export function showWidget(peer: LoadedPeer, { document, prompt, always }: WidgetInit): HTMLElement {
  const host = document.createElement('blackhole-widget')
  const root = host.attachShadow({ mode: 'open' })
  const style = document.createElement('style')
  style.textContent = WIDGET_STYLE
  root.append(style)
  if (prompt) addPrompt(root, peer, document)
  if (always) {
    const show = addPanel(root, peer, document)
    // A peer that may have to ask reports once it knows whether it has to: the panel must not come before the question.
    if (!prompt) void peer.status().then(show)
  }
  document.body.append(host)
  return host
}

/** Adds the panel, which is hidden until there is a status to show. */
function addPanel(root: ShadowRoot, peer: LoadedPeer, document: Document): (status: PageStatus) => void {
  const panel = document.createElement('details')
  const summary = document.createElement('summary')
  const body = document.createElement('div')
  const list = document.createElement('dl')
  const label = document.createElement('label')
  const toggle = document.createElement('input')
  body.className = 'body'
  panel.hidden = true
  toggle.type = 'checkbox'
  toggle.setAttribute('role', 'switch')
  label.append(toggle, 'Share this site with other visitors')
  body.append(list, label)
  panel.append(summary, body)
  root.append(panel)

  toggle.addEventListener('change', () => {
    void peer.setOptedOut(!toggle.checked)
  })
  const show = (status: PageStatus): void => {
    const view = widgetView(status)
    panel.hidden = false
    panel.classList.toggle('on', view.sharing)
    panel.classList.toggle('connected', view.connected)
    summary.textContent = view.summary
    toggle.checked = view.sharing
    list.replaceChildren(
      ...view.rows.flatMap(({ label: name, value }) => {
        const term = document.createElement('dt')
        const description = document.createElement('dd')
        term.textContent = name
        description.textContent = value
        return [term, description]
      }),
    )
  }
  peer.addEventListener('statuschange', (event) => {
    show((event as CustomEvent<PageStatus>).detail)
  })
  return show
}

function addPrompt(root: ShadowRoot, peer: LoadedPeer, document: Document): void {
  const dialog = document.createElement('div')
  const text = document.createElement('p')
  dialog.setAttribute('role', 'dialog')
  dialog.setAttribute('aria-labelledby', 'question')
  dialog.hidden = true
  text.id = 'question'
  text.textContent =
    'This site is served by its visitors. May your browser pass its files on to others? Their browsers can see your IP address.'
  const answer = (name: string, out: boolean): HTMLButtonElement => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = name
    button.className = out ? 'no' : 'yes'
    button.addEventListener('click', () => {
      dialog.hidden = true
      void peer.setOptedOut(out)
    })
    return button
  }
  dialog.append(text, answer('Yes', false), answer('No', true))
  root.append(dialog)
  peer.addEventListener('consent', () => {
    dialog.hidden = false
  })
  peer.addEventListener('statuschange', (event) => {
    // The page, or another tab, has asked and was told yes.
    if ((event as CustomEvent<PageStatus>).detail.role !== 'off') dialog.hidden = true
  })
}
