/** Markup of the pull zones on the status page; hidden while there are none. */
export const PULL_SECTION = `
<section aria-labelledby="pulled" id="pull" hidden>
  <h2 id="pulled">Pull zones</h2>
  <div class="scroll"><table>
    <thead><tr><th scope="col">Origin</th><th scope="col" class="number">Assets</th><th scope="col" class="number">Size</th><th scope="col" class="number">From origin</th><th scope="col" class="number">Saved</th><th scope="col">Asked for</th></tr></thead>
    <tbody id="pull-rows"></tbody>
  </table></div>
  <p class="quiet" style="margin-top:.75rem">Saved: what visitors reported to have asked for while it was held. Hits were held, misses came from the origin; what was held was asked about again when it ran out; what may not be shared stays with its origin.</p>
</section>
`

/** Shows the zones of `status.pull`; uses `at`, `number`, `size` and `make` of the page's script. */
export const PULL_SCRIPT = `
const STATES = { serving: 'serving', unproven: 'waits for its proof', ended: 'ended' }
const zoneRow = ({ origin, state, assets, bytes, originBytes, savedBytes, requests, advice }) => {
  const tr = document.createElement('tr')
  const first = make('td', origin)
  first.append(make('div', STATES[state] + (advice ? ': ' + advice : ''), '', 'quiet'))
  const { hit, miss, revalidated, refused, unavailable } = requests
  const asked = [[hit, 'hits'], [miss, 'misses'], [revalidated, 'asked about again'], [refused, 'refused'], [unavailable, 'without an answer']]
  tr.append(first, make('td', number.format(assets), 'Assets', 'number'), make('td', size(bytes), 'Size', 'number'), make('td', size(originBytes), 'From origin', 'number'),
    make('td', size(savedBytes), 'Saved', 'number'), make('td', asked.filter(([count]) => count > 0).map(([count, what]) => number.format(count) + ' ' + what).join(', ') || 'nothing yet', 'Asked for'))
  return tr
}
let zones = ''
const showZones = (pull) => {
  const now = JSON.stringify(pull)
  if (now === zones) return
  zones = now
  at('pull').hidden = pull.length === 0
  at('pull-rows').replaceChildren(...pull.map(zoneRow))
}
`
