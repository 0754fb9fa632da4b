/** What the loader hands to the peer module: small and unchecked, since the loader must stay small. */
export interface LoaderConfig {
  readonly site: string
  /** Origins of relays. */
  readonly relays: readonly string[]
  /** The tag's `data-` attributes, as `HTMLElement.dataset` names them. */
  readonly data: Readonly<Record<string, string | undefined>>
}

/** What a page may ask of its peer. */
export interface PageStatus {
  readonly role: 'host' | 'guest' | 'off'
  /** Other visitors that are connected now. */
  readonly peers: number
  /** Bytes since the page's origin was first seen, by where they came from. */
  readonly received: { readonly local: number; readonly peers: number; readonly http: number }
  /** Bytes given to others. */
  readonly shared: number
}

/** The running peer of a page, as the loader uses it. */
export interface LoadedPeer extends EventTarget {
  /** Resolves once the swarm is joined, by this page or by the one that hosts. */
  readonly joined: Promise<void>
  status(): Promise<PageStatus>
  /** Stops or resumes taking part, on all pages of the origin. */
  setOptedOut(out: boolean): Promise<void>
}

/** The peer module, `blackhole-peer.js`. */
export interface PeerModule {
  start(config: LoaderConfig): Promise<LoadedPeer>
}
