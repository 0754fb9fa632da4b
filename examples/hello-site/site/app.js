/** Shows the pictures, and where this page's bytes came from. The page is whole without it, and without Blackhole. */
import { meetOthers, showPictures } from './pictures.js'

const WORDS = { local: 'from this browser', peers: 'from another visitor', http: 'from the relay', mixed: 'partly from another visitor' }

const stateText = document.querySelector('[data-state]')

/** @param {number} bytes */
function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** @param {{ role: string, peers: number, received: Record<string, number>, shared: number }} status */
function show({ role, peers, received, shared }) {
  const total = Math.max(1, received.local + received.peers + received.http)
  for (const part of document.querySelectorAll('[data-part]')) {
    part.style.flexBasis = `${(100 * received[part.dataset.part]) / total}%`
  }
  for (const cell of document.querySelectorAll('[data-bytes]')) {
    const { bytes } = cell.dataset
    cell.textContent = formatBytes(bytes === 'shared' ? shared : received[bytes])
  }
  if (role === 'off') stateText.textContent = 'Sharing is off in this browser.'
  else if (peers === 0) stateText.textContent = 'Nobody else is here. The next visitor gets the page from you.'
  else stateText.textContent = `Connected to ${peers} ${peers === 1 ? 'visitor' : 'visitors'}.`
}

/** The worker says in `Server-Timing` where a response came from. */
function showSource(entry) {
  const caption = document.querySelector(`[data-from="${new URL(entry.name).pathname}"]`)
  const source = entry.serverTiming?.find(({ name }) => name === 'blackhole')?.description
  if (caption !== null && source in WORDS) caption.textContent = `Picture ${WORDS[source]}`
}

new PerformanceObserver((list) => list.getEntries().forEach(showSource)).observe({ type: 'resource', buffered: true })

/** The tag is in the page when it is served with Blackhole; its script runs before or after this one. */
async function blackhole() {
  const tag = document.querySelector('script[data-site]')
  for (let tries = 0; tag !== null && window.blackhole === undefined && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return window.blackhole
}

const found = await blackhole()
if (found === undefined) {
  showPictures()
  stateText.textContent = 'Blackhole is not running here: this page came from an ordinary server.'
} else {
  const refresh = async () => show(await found.status())
  found.addEventListener('statuschange', refresh)
  found.ready.then(refresh, (error) => {
    stateText.textContent = `The peer could not start: ${error.message}`
  })
  setInterval(refresh, 2000)
  const caption = document.querySelector('.hero .from')
  caption.textContent = 'Looking for visitors who have the picture…'
  await meetOthers(found)
  caption.textContent = ''
  showPictures()
  await refresh()
}
