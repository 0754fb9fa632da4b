import { once } from 'node:events'
import { createRelay, flagOf, parseRelayConfig, RELAY_OPTIONS, variableOf } from '@blackhole/relay'
import type { RelayInit, RelayOption } from '@blackhole/relay'
import { defineCommand } from '../command.ts'
import type { Invocation } from '../command.ts'
import { formatPairs } from '../format.ts'
import type { AnyOptionValue, OptionSpec, OptionTable } from '../option.ts'
import { suggest } from '../suggest.ts'
import { pullGuide, pullInstructions } from '../pull-guide.ts'
import type { Terminal } from '../terminal.ts'
import { orWrongUsage } from '../values.ts'

/** Variables with our prefix that other commands and the tests read. */
const OTHER_VARIABLES = /^BLACKHOLE_(CHROMIUM|CONFIG|FIREFOX|HOME|KEY|ORIGIN|PASSPHRASE_FILE|RELAY|SITE)$/

/** Runs a relay until it is told to stop. */
export const relay = defineCommand({
  name: 'relay',
  summary: 'Run a relay: it keeps sites, and introduces their visitors to each other',
  details:
    'Nothing needs to be configured. All state lies in one folder, so a backup of it is a backup of the relay.\n' +
    'Each option can also be a variable (--stun-port is BLACKHOLE_STUN_PORT) or a key of the file (stunPort);\n' +
    'a flag wins over a variable, and a variable over the file. The first SIGINT or SIGTERM lets running requests\n' +
    'end, a second one does not wait. The log goes to standard error.',
  operands: [],
  options: {
    config: { type: 'string', placeholder: 'FILE', summary: 'JSON file with options', env: 'BLACKHOLE_CONFIG' },
    ...relayOptions(),
  } satisfies OptionTable,
  examples: [
    { purpose: 'On this machine', line: 'blackhole relay' },
    {
      purpose: 'For the world, behind a proxy that does TLS',
      line: 'blackhole relay --data /var/lib/blackhole --public-url https://relay.example --trust-proxy',
    },
  ],
  async run({ options, terminal, signal, env, scripts }) {
    const file = typeof options['config'] === 'string' ? options['config'] : undefined
    const init = orWrongUsage(() =>
      parseRelayConfig({ flags: relayFlags(options), env: relayVariables(env, terminal), file }),
    )
    await serve({ ...init, scripts: init.scripts === '' ? scripts : init.scripts }, terminal, signal)
  },
})

async function serve(init: RelayInit, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const running = createRelay(init)
  await running.start()
  try {
    const { peerId, siteHost } = running.info
    const { protocol, origin: url } = new URL(running.url)
    const pull = running.pullZones.map(({ origin, site }) => pullGuide(origin, site, url))
    terminal.result(
      { url, peerId, siteHost, data: init.data, ...(pull.length === 0 ? {} : { pull }) },
      [
        `The relay is ready: ${url}`,
        formatPairs([
          ['status page', `${url}/`],
          ['sites', `${protocol}//NAME.${siteHost}/`],
          ['state', init.data],
        ]),
        ...(pull.length === 0
          ? [`Publish a site:\n  blackhole publish ./dist --relay ${url}`]
          : pull.map(pullInstructions)),
      ].join('\n'),
    )
    if (!signal.aborted) await once(signal, 'abort')
    // For a person; what collects the log gets nothing but JSON.
    if (terminal.interactive) terminal.note('Stopping… (once more to stop at once)')
  } finally {
    await running.stop()
  }
}

/** The variables of a relay. Others with our prefix are pointed out: they may be misspelt, or something else's. */
function relayVariables(env: Invocation['env'], terminal: Terminal): Record<string, string | undefined> {
  const known = RELAY_OPTIONS.map(({ name }) => variableOf(name))
  for (const name of Object.keys(env)) {
    if (!name.startsWith('BLACKHOLE_') || OTHER_VARIABLES.test(name) || known.includes(name)) continue
    const near = suggest(name, known)
    terminal.warn(
      `the variable ${name} is no option of the relay${near === undefined ? '' : `: did you mean ${near}?`}`,
    )
  }
  return Object.fromEntries(known.map((name) => [name, env[name]]))
}

/** A switch that is on by default is turned off by `--no-NAME`. */
function isOn(option: RelayOption): boolean {
  return option.type === 'boolean' && option.default === true
}

function nameOf(option: RelayOption): string {
  const flag = flagOf(option.name).slice('--'.length)
  return isOn(option) ? `no-${flag}` : flag
}

function relayOptions(): OptionTable {
  return Object.fromEntries(RELAY_OPTIONS.map((option): [string, OptionSpec] => [nameOf(option), specOf(option)]))
}

function specOf(option: RelayOption): OptionSpec {
  if (option.type === 'boolean') return { type: 'boolean', summary: option.help }
  if (option.type === 'origins') return { type: 'string', multiple: true, placeholder: 'URL', summary: option.help }
  if (option.type === 'fellows') return { type: 'string', multiple: true, placeholder: 'URL', summary: option.help }
  const placeholder = { text: 'TEXT', number: 'N', decimal: 'N', aliases: 'PAIRS', sites: 'NAMES' }[option.type]
  const shown = typeof option.default === 'object' || option.default === '' ? {} : { fallback: String(option.default) }
  return { type: 'string', placeholder, summary: option.help, ...shown }
}

/** What the command line says, by the names that the relay uses. */
function relayFlags(options: Readonly<Record<string, AnyOptionValue>>): Record<string, unknown> {
  const given = RELAY_OPTIONS.map((option): [string, unknown] => {
    const value = options[nameOf(option)]
    if (option.type === 'origins') return [option.name, Array.isArray(value) && value.length > 0 ? value : undefined]
    if (option.type === 'fellows') return [option.name, Array.isArray(value) && value.length > 0 ? value : undefined]
    if (option.type !== 'boolean') return [option.name, value]
    return [option.name, value === true ? !isOn(option) : undefined]
  })
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
