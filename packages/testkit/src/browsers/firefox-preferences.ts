/**
 * Preferences of every Firefox that tests start, on top of puppeteer's, which
 * already turn off updates and reports: WebRTC works on loopback, and whatever
 * is not this machine goes to a proxy that is not there.
 *
 * @param hosts - names beside localhost that mean this machine
 */
export function firefoxPreferences(hosts: readonly string[]): Record<string, string | number | boolean> {
  return {
    // Candidates carry addresses instead of mDNS names, and loopback counts as a network.
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.peerconnection.ice.loopback': true,

    // HTTP of any kind to another host fails at once: nothing listens on the discard port.
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': 9,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': 9,
    'network.proxy.no_proxies_on': ['localhost', '.localhost', '127.0.0.1', ...hosts].join(', '),
    'network.proxy.failover_direct': false,
    'network.dns.localDomains': hosts.join(','),
    'network.trr.mode': 5,
    'network.dns.disablePrefetch': true,
    'network.prefetch-next': false,

    // What the browser would do by itself once it has settled.
    'app.normandy.enabled': false,
    'browser.region.network.url': '',
    'browser.search.serpEventTelemetryCategorization.enabled': false,
    'browser.topsites.contile.enabled': false,
    'captivedetect.canonicalURL': '',
    'dom.push.connection.enabled': false,
    'extensions.systemAddon.update.enabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'toolkit.telemetry.enabled': false,
    'toolkit.telemetry.server': '',
  }
}
