import { CHARTS_SCRIPT, CHARTS_SECTION, CHARTS_STYLE } from './status-charts.ts'
import { PULL_SCRIPT, PULL_SECTION } from './status-pull.ts'

/**
 * The status page: one document without dependencies, that asks the API for
 * numbers every two seconds, and for the charts every ten, while it is looked at. All texts from outside are
 * set as text, never as markup.
 */
export const STATUS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Blackhole relay</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Ccircle cx='16' cy='16' r='9' fill='none' stroke='%237a5cff' stroke-width='5'/%3E%3C/svg%3E">
<style>
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f6f9, #0e0e13); --card: light-dark(#fff, #17171f); --line: light-dark(#e3e3ea, #2a2a36);
  --text: light-dark(#1a1a24, #ececf3); --quiet: light-dark(#5d5d70, #9c9cb0); --accent: light-dark(#5b3fe0, #9d86ff);
  --p2p: light-dark(#5b3fe0, #8f75ff); --http: light-dark(#c77700, #e2a043); --good: light-dark(#12803c, #4ac77a); --bad: light-dark(#b42318, #ff8a7a);
  font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground);
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 66rem; padding: 2rem 1.25rem 3rem }
a { color: var(--accent); text-underline-offset: .2em }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px }
header { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: center; margin-bottom: 1.5rem }
header svg { width: 2rem; height: 2rem; flex: none }
h1 { font-size: 1.35rem; margin: 0; letter-spacing: -.02em }
h2 { font-size: 1rem; margin: 0 0 .75rem }
.state { display: inline-flex; align-items: center; gap: .45rem; font-size: .875rem; color: var(--quiet); margin-left: auto }
.state::before { content: ''; width: .6rem; height: .6rem; border-radius: 50%; background: var(--quiet) }
.state[data-state=ready]::before { background: var(--good) }
.state[data-state=lost]::before { background: var(--bad) }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 0 0 1rem }
.numbers > div, section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.1rem }
.numbers dt { font-size: .8125rem; color: var(--quiet) }
.numbers dd { margin: 0; font-size: 1.6rem; font-weight: 600; letter-spacing: -.02em; font-variant-numeric: tabular-nums }
.numbers dd.note { font-size: .75rem; font-weight: 400; letter-spacing: 0; line-height: 1.35; color: var(--quiet) }
section { margin-bottom: 1rem }
.bar { display: flex; height: .75rem; border-radius: 999px; overflow: hidden; background: var(--line); gap: 2px }
.bar span { display: block; transition: width .4s } .bar .p2p { background: var(--p2p) } .bar .http { background: var(--http) }
.key { display: flex; flex-wrap: wrap; gap: .35rem 1.5rem; margin: .7rem 0 0; padding: 0; list-style: none; font-size: .875rem; font-variant-numeric: tabular-nums }
.key li::before { content: ''; display: inline-block; width: .7rem; height: .7rem; border-radius: 3px; margin-right: .45rem }
.key .p2p::before { background: var(--p2p) } .key .http::before { background: var(--http) }
.quiet { color: var(--quiet); font-size: .875rem } p { margin: 0 }
.scroll { overflow-x: auto }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th { text-align: left; font-size: .8125rem; font-weight: 500; color: var(--quiet); padding: 0 .75rem .4rem 0; white-space: nowrap }
td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); vertical-align: top; white-space: nowrap }
td:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 12rem }
.number { text-align: right }
.number + :not(.number) { padding-left: 1.5rem }
code { font: .8125rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere }
ul.plain { margin: .5rem 0 0; padding: 0; list-style: none }
@media (max-width: 40rem) {
  body { padding: 1.25rem .9rem 2rem }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  tr { display: grid; grid-template-columns: 1fr 1fr; gap: .1rem 1rem; padding: .7rem 0; border-top: 1px solid var(--line) }
  table, tbody { display: block }
  td, td.number { border: 0; padding: 0; text-align: left; white-space: normal; min-width: 0 } .number + :not(.number) { padding-left: 0 } td:first-child, td:last-child { grid-column: 1 / -1 } td:first-child { margin-bottom: .2rem }
  td[data-label]::before { content: attr(data-label) ' '; color: var(--quiet); font-size: .8125rem }
}
@media (prefers-reduced-motion: reduce) { .bar span { transition: none } }
${CHARTS_STYLE}</style>
</head>
<body>
<header>
  <svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="9" fill="none" stroke="var(--accent)" stroke-width="4"/><ellipse cx="16" cy="16" rx="15" ry="4" fill="none" stroke="var(--accent)" stroke-width="1.5" transform="rotate(-18 16 16)"/></svg>
  <h1>Blackhole relay</h1>
  <p class="state" id="state" role="status">connecting…</p>
</header>
<main>
<dl class="numbers">
  <div><dt>Visitors in swarms</dt><dd id="peers">–</dd></div>
  <div><dt>Sites</dt><dd id="sites">–</dd></div>
  <div><dt>Announcements</dt><dd id="announces">–</dd><dd class="note">times that open pages told this relay that they are there and what they hold, since it started: each does so again and again</dd></div>
  <div><dt>Running for</dt><dd id="uptime">–</dd></div>
</dl>
<section aria-labelledby="bytes">
  <h2 id="bytes">Content bytes that this relay sent</h2>
  <div class="bar" id="bar" role="img" aria-label="nothing sent yet"><span class="http" id="bar-http"></span><span class="p2p" id="bar-p2p"></span></div>
  <ul class="key"><li class="http">over HTTP: <span id="http">–</span></li><li class="p2p">to peers, as a last resort: <span id="p2p">–</span></li></ul>
  <p class="quiet" id="serving"></p>
</section>
${CHARTS_SECTION}${PULL_SECTION}<section aria-labelledby="held">
  <h2 id="held">Sites</h2>
  <p class="quiet" id="none">No site yet. Publish one: <code id="command">npx blackhole publish FOLDER --relay URL</code></p>
  <div class="scroll"><table id="table" hidden>
    <thead><tr><th scope="col">Site</th><th scope="col" class="number">Visitors</th><th scope="col" class="number">Files</th><th scope="col" class="number">Size</th><th scope="col" class="number">Version</th><th scope="col">Published</th></tr></thead>
    <tbody id="rows"></tbody>
  </table></div>
</section>
<section aria-labelledby="reach">
  <h2 id="reach">How it is reached</h2>
  <p><code id="peer"></code></p>
  <ul class="plain" id="addresses"></ul>
  <p class="quiet" style="margin-top:.75rem"><a href="/metrics">Metrics</a> · <a href="/healthz">Health</a> · <a href="/.blackhole/api/v1/relay">API</a> · version <span id="version"></span></p>
</section>
</main>
<script>
const at = (id) => document.getElementById(id)
const number = new Intl.NumberFormat('en')
const size = (bytes) => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  for (; bytes >= 1000 && unit < units.length - 1; unit++) bytes /= 1000
  return (unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)) + ' ' + units[unit]
}
const span = (ms) => {
  const [d, h, m, s] = [86400000, 3600000, 60000, 1000].map((unit) => Math.floor(ms / unit))
  return d > 0 ? d + ' d ' + h % 24 + ' h' : h > 0 ? h + ' h ' + m % 60 + ' min' : m > 0 ? m + ' min' : s + ' s'
}
const say = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text }
const make = (tag, text, label, kind) => {
  const element = document.createElement(tag)
  element.textContent = text
  if (label) element.dataset.label = label
  if (kind) element.className = kind
  return element
}
const row = (site) => {
  const tr = document.createElement('tr')
  const first = document.createElement('td')
  const link = make('a', site.alias ?? site.name.slice(0, 14) + '…' + site.name.slice(-8))
  link.title = site.name
  link.href = site.url
  first.append(link)
  const when = make('td', '', 'Published')
  const time = make('time', new Date(site.updated).toLocaleString())
  time.dateTime = site.updated
  when.append(time)
  tr.append(first, make('td', number.format(site.peers), 'Visitors', 'number'), make('td', number.format(site.files), 'Files', 'number'),
    make('td', size(site.bytes), 'Size', 'number'), make('td', number.format(site.version), 'Version', 'number'), when)
  return tr
}
${PULL_SCRIPT}let shown = ''
const show = (status) => {
  showZones(status.pull)
  const { http, p2p } = status.contentBytes
  at('state').dataset.state = 'ready'
  say('state', status.serving ? 'ready' : 'ready, serves no content')
  say('peers', number.format(status.peers))
  say('sites', number.format(status.siteCount))
  say('announces', number.format(status.announces))
  say('uptime', span(status.uptimeMs))
  say('http', size(http))
  say('p2p', size(p2p))
  const all = http + p2p
  at('bar-http').style.width = all ? 100 * http / all + '%' : '0'
  at('bar-p2p').style.width = all ? 100 * p2p / all + '%' : '0'
  at('bar').setAttribute('aria-label', all ? size(http) + ' over HTTP, ' + size(p2p) + ' to peers' : 'nothing sent yet')
  say('serving', status.serving ? '' : 'Content is turned off: visitors get everything from one another.')
  const sites = JSON.stringify(status.sites)
  if (sites !== shown) {
    shown = sites
    at('rows').replaceChildren(...status.sites.map(row))
    at('table').hidden = status.sites.length === 0
    at('none').hidden = status.sites.length > 0
  }
  say('command', 'npx blackhole publish FOLDER --relay ' + location.origin)
  say('peer', status.peerId)
  say('version', status.version)
  if (at('addresses').childElementCount !== status.addresses.length) {
    at('addresses').replaceChildren(...status.addresses.map((address) => { const li = document.createElement('li'); li.append(make('code', address)); return li }))
  }
}
// A relay that is down is asked less and less often: the browser's console has a line for each time.
const OFTEN = 2000, SELDOM = 30000
let timer
let pause = OFTEN
let lost = false
const poll = async () => {
  clearTimeout(timer)
  if (document.hidden) return
  try {
    const response = await fetch('/.blackhole/api/v1/status', { signal: AbortSignal.timeout(5000) })
    if (!response.ok) throw new Error(String(response.status))
    show(await response.json())
    const wasLost = lost
    lost = false
    pause = OFTEN
    // It asks nothing of a relay that is lost.
    if (wasLost) look()
  } catch {
    if (lost) pause = Math.min(2 * pause, SELDOM)
    lost = true
    at('state').dataset.state = 'lost'
    say('state', 'not answering, trying again…')
  }
  timer = setTimeout(poll, pause)
}
document.addEventListener('visibilitychange', poll)
poll()
${CHARTS_SCRIPT}</script>
</body>
</html>
`
