/**
 * Features that are off in test browsers. Chromium takes the last
 * `--disable-features` only, so this repeats those of Playwright's that cause
 * traffic or change what a page sees.
 */
const DISABLED_FEATURES = [
  // Loopback candidates carry addresses instead of mDNS names, which nothing answers in a container.
  'WebRtcHideLocalIpsWithMdns',
  // Traffic of the browser's own.
  'AimEnabled',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PreconnectToSearch',
  'Translate',
  // Sites are served over plain HTTP on localhost.
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  // A closing tab must run its page's unload handlers as a visitor's would.
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
] as const

/**
 * Command line of every Chromium that tests, examples and benchmarks start: no
 * traffic of its own, and no name but localhost resolves, so that a page that
 * names another origin reaches nobody.
 *
 * @param hosts - further host names and the address that each means, for tests of custom domains
 */
export function chromiumFlags(hosts: Readonly<Record<string, string>> = {}): string[] {
  const rules = [
    ...Object.entries(hosts).map(([host, address]) => `MAP ${host} ${address}`),
    'MAP * ~NOTFOUND',
    'EXCLUDE localhost',
    'EXCLUDE *.localhost',
    'EXCLUDE 127.0.0.1',
  ]
  return [
    '--no-sandbox',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    `--disable-features=${DISABLED_FEATURES.join(',')}`,
    `--host-resolver-rules=${rules.join(',')}`,
  ]
}
