/** From 0 up to, not including, 1. */
export type Random = () => number

/** Time between events that come independently of one another. @param mean - in the unit of the result */
export function exponential(mean: number, random: Random): number {
  return -Math.log(1 - random()) * mean
}

/**
 * Weibull's distribution. With a shape below 1 it is heavy-tailed: who has stayed long will stay longer, as visitors
 * of web pages do (Liu, White, Dumais, "Understanding Web Browsing Behaviors through Weibull Analysis of Dwell
 * Time", SIGIR 2010).
 */
export function weibull(shape: number, scale: number, random: Random): number {
  return scale * (-Math.log(1 - random())) ** (1 / shape)
}

/** A line as it is sold. Kilobits per second. */
export interface Access {
  readonly downKbps: number
  readonly upKbps: number
  /** Part of all hosts that have it. */
  readonly share: number
}

/**
 * Lines of peers, from measurements of Gnutella (Saroiu, Gummadi, Gribble, MMCN 2002) as Bharambe, Herley and
 * Padmanabhan (INFOCOM 2006, table I) round them. They are of 2002: multiply them for today's.
 */
export const GNUTELLA_ACCESS: readonly Access[] = Object.freeze([
  { downKbps: 784, upKbps: 128, share: 0.2 },
  { downKbps: 1500, upKbps: 384, share: 0.4 },
  { downKbps: 3000, upKbps: 1000, share: 0.25 },
  { downKbps: 10_000, upKbps: 5000, share: 0.15 },
])

/** Draws a line. */
export function access(kinds: readonly Access[], random: Random): Access {
  let at = random() * kinds.reduce((sum, { share }) => sum + share, 0)
  for (const kind of kinds) {
    at -= kind.share
    if (at < 0) return kind
  }
  const last = kinds.at(-1)
  if (last === undefined) throw new RangeError('kinds must not be empty')
  return last
}

/** How visitors come. */
export type Arrivals =
  /** Independently of one another (Poisson), so many a second. */
  | { readonly kind: 'poisson'; readonly perSecond: number }
  /** All within this time, most of them at its beginning: the time since the start is drawn from an exponential distribution. */
  | { readonly kind: 'flash crowd'; readonly withinMs: number }
  /** Poisson with a rate that swings once a day between nothing and twice the mean. */
  | { readonly kind: 'diurnal'; readonly perSecond: number; readonly dayMs: number }

/** When each of so many visitors comes, milliseconds, in rising order. */
export function arrivalTimes(arrivals: Arrivals, count: number, random: Random): number[] {
  if (arrivals.kind === 'flash crowd') {
    const { withinMs } = arrivals
    return Array.from({ length: count }, () => exponential(withinMs / 4, random) % withinMs).sort((a, b) => a - b)
  }
  const times: number[] = []
  let now = 0
  while (times.length < count) {
    if (arrivals.kind === 'poisson') {
      now += exponential(1000 / arrivals.perSecond, random)
    } else {
      // Thinning (Lewis and Shedler, 1979): candidates at the highest rate, kept with the chance of the present one.
      now += exponential(500 / arrivals.perSecond, random)
      if (random() > (1 - Math.cos((2 * Math.PI * now) / arrivals.dayMs)) / 2) continue
    }
    times.push(now)
  }
  return times
}
