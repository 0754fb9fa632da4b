import { SCRIPT_PATHS } from '@blackhole/protocol'

/** Something of a Content-Security-Policy that keeps Blackhole from working on the page. */
export interface CspProblem {
  /** The directive that blocks, as it is written. */
  readonly directive: string
  /** What it blocks. */
  readonly blocks: 'script' | 'worker' | 'connection' | 'webrtc'
  /** What to change. */
  readonly message: string
}

/** Where the parts of Blackhole come from. */
export interface CspTarget {
  /** Origin of the pages. */
  readonly origin: string
  /** Origin of the loader, worker and peer scripts. Default: the pages' own. */
  readonly scripts?: string | undefined
  /** Other origins that the peer and the worker connect to: relays, `wss:` and `https:`. Default none. */
  readonly connect?: readonly string[] | undefined
}

type Policy = ReadonlyMap<string, readonly string[]>

/** Longest policy that is looked at. */
const MAX_POLICY_LENGTH = 16 * 1024

/**
 * What in a page's policies would block the loader tag, the worker or the
 * peer's connections: for a warning when a site is published. Each policy must
 * allow everything by itself (CSP Level 3, 4.2).
 *
 * @param policies - values of Content-Security-Policy headers and of `meta` tags; a header may hold several, by commas
 */
export function cspBlocksLoader(policies: readonly string[], target: CspTarget): CspProblem[] {
  const problems = policies
    .flatMap((value) => value.slice(0, MAX_POLICY_LENGTH).split(','))
    .flatMap((text) => checkPolicy(parsePolicy(text), target))
  return [...new Map(problems.map((problem) => [`${problem.blocks} ${problem.directive}`, problem])).values()]
}

/** The policies in `<meta http-equiv="Content-Security-Policy">` tags of a document's beginning. */
export function metaPolicies(html: string): string[] {
  const text = html.slice(0, 64 * 1024).replace(/<!--.*?(?:-->|$)/gs, '')
  // A tag that never ends is taken to its end all the same: else the text would be read again for each `<meta`.
  const tags = text.match(/<meta\b(?:[^>"']|"[^"]*(?:"|$)|'[^']*(?:'|$))*(?:>|$)/gi) ?? []
  return tags
    .filter((tag) => tag.endsWith('>'))
    .filter((tag) => attribute(tag, 'http-equiv')?.trim().toLowerCase() === 'content-security-policy')
    .map((tag) => attribute(tag, 'content') ?? '')
    .filter((policy) => policy !== '')
}

function checkPolicy(policy: Policy, target: CspTarget): CspProblem[] {
  const problems: CspProblem[] = []
  const scripts = target.scripts ?? target.origin
  const script = governing(policy, ['script-src-elem', 'script-src', 'default-src'])
  if (script !== undefined && !allowsScript(script.sources, scripts, target.origin)) {
    problems.push({
      directive: show(script),
      blocks: 'script',
      message: `add ${sourceOf(scripts, target.origin)} to ${script.name}`,
    })
  }
  const worker = governing(policy, ['worker-src', 'child-src', 'script-src', 'default-src'])
  if (worker !== undefined && !allowsUrl(worker.sources, `${target.origin}${SCRIPT_PATHS.worker}`, target.origin)) {
    problems.push({
      directive: show(worker),
      blocks: 'worker',
      message: `add 'self' to ${worker.name === 'worker-src' ? 'worker-src' : `worker-src (now ${worker.name} counts)`}`,
    })
  }
  const connect = governing(policy, ['connect-src', 'default-src'])
  if (connect !== undefined) {
    for (const url of [target.origin, ...(target.connect ?? [])]) {
      if (allowsUrl(connect.sources, url, target.origin)) continue
      problems.push({
        directive: show(connect),
        blocks: 'connection',
        message: `add ${sourceOf(url, target.origin)} to connect-src`,
      })
    }
  }
  const webrtc = policy.get('webrtc')
  if (webrtc?.includes("'block'") === true)
    problems.push({
      directive: "webrtc 'block'",
      blocks: 'webrtc',
      message: "remove webrtc 'block': peers connect over WebRTC",
    })
  const sandbox = policy.get('sandbox')
  if (sandbox !== undefined && !(sandbox.includes('allow-scripts') && sandbox.includes('allow-same-origin'))) {
    problems.push({
      directive: ['sandbox', ...sandbox].join(' '),
      blocks: 'script',
      message: 'add allow-scripts and allow-same-origin to sandbox',
    })
  }
  if (policy.get('require-trusted-types-for')?.includes("'script'") === true) {
    problems.push({
      directive: "require-trusted-types-for 'script'",
      blocks: 'worker',
      message: 'a page under trusted types must register the worker by a policy of its own',
    })
  }
  return problems
}

function parsePolicy(text: string): Policy {
  const policy = new Map<string, readonly string[]>()
  for (const part of text.split(';')) {
    const [name, ...sources] = part.trim().split(/\s+/)
    // the first directive of a name counts
    if (name !== undefined && name !== '' && !policy.has(name.toLowerCase())) policy.set(name.toLowerCase(), sources)
  }
  return policy
}

interface Directive {
  readonly name: string
  readonly sources: readonly string[]
}

function governing(policy: Policy, names: readonly string[]): Directive | undefined {
  for (const name of names) {
    const sources = policy.get(name)
    if (sources !== undefined) return { name, sources }
  }
  return undefined
}

function show({ name, sources }: Directive): string {
  return [name, ...sources].join(' ')
}

/** The injected tag has no nonce, so that only its address can be allowed; under 'strict-dynamic' addresses don't count. */
function allowsScript(sources: readonly string[], scripts: string, self: string): boolean {
  if (sources.some((source) => source.toLowerCase() === "'strict-dynamic'")) return false
  return allowsUrl(sources, `${scripts}${SCRIPT_PATHS.loader}`, self)
}

function sourceOf(url: string, self: string): string {
  return originOf(url) === self ? "'self'" : originOf(url)
}

function originOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? url : `${parsed.protocol}//${parsed.host}`
}

/** Does a source list match a URL (CSP Level 3, 6.7.2.8)? */
function allowsUrl(sources: readonly string[], address: string, self: string): boolean {
  const url = URL.parse(address)
  const own = URL.parse(self)
  if (url === null || own === null) return false
  return sources.some((source) => matchesSource(source, url, own))
}

function matchesSource(source: string, url: URL, self: URL): boolean {
  const text = source.toLowerCase()
  if (text === "'self'") return url.host === self.host && sameOrSaferScheme(self.protocol, url.protocol)
  if (text === '*') return /^(https?|wss?):$/.test(url.protocol) || url.protocol === self.protocol
  if (/^[a-z][a-z0-9+.-]*:$/.test(text)) return sameOrSaferScheme(text, url.protocol)
  if (text.startsWith("'")) return false
  const match = /^(?:([a-z][a-z0-9+.-]*:)\/\/)?(\*|(?:\*\.)?[a-z0-9.-]+|\[[0-9a-f:]+\])(?::(\d+|\*))?(\/.*)?$/.exec(
    text,
  )
  if (match === null) return false
  const [, scheme = self.protocol, host = '', port, path] = match
  if (!sameOrSaferScheme(scheme, url.protocol)) return false
  if (host.startsWith('*.') ? !url.hostname.endsWith(host.slice(1)) : host !== '*' && host !== url.hostname)
    return false
  if (port !== '*' && (port ?? '') !== url.port && !isDefaultPort(port, url)) return false
  if (path === undefined || path === '/') return true
  return path.endsWith('/') ? url.pathname.startsWith(path) : url.pathname === path
}

/** `http:` allows `https:` and `ws:`, and so on (CSP Level 3, 6.7.2.9). */
function sameOrSaferScheme(allowed: string, scheme: string): boolean {
  const safer: Readonly<Record<string, readonly string[]>> = {
    'http:': ['http:', 'https:', 'ws:', 'wss:'],
    'https:': ['https:', 'wss:'],
    'ws:': ['ws:', 'wss:', 'http:', 'https:'],
    'wss:': ['wss:', 'https:'],
  }
  return (safer[allowed] ?? [allowed]).includes(scheme)
}

function isDefaultPort(port: string | undefined, url: URL): boolean {
  return (
    url.port === '' &&
    ((port === '443' && /^(https|wss):$/.test(url.protocol)) || (port === '80' && /^(http|ws):$/.test(url.protocol)))
  )
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag)
  const value = match?.[1] ?? match?.[2] ?? match?.[3]
  return value
    ?.replace(/&(?:#39|apos);/gi, "'")
    .replace(/&quot;/gi, '"')
    .replace(/&amp;/gi, '&')
}
