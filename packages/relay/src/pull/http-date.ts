const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const MONTH = `(${MONTHS.join('|')})`
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)'

const IMF_FIXDATE = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`)
const RFC850 = new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`)
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`)

/**
 * Reads an HTTP date in one of its three forms, and no other (RFC 9110, 5.6.7).
 * `Date.parse` would take much more, in the zone of this machine.
 *
 * @param now - milliseconds since 1970: a year of two digits is at most 50 years ahead of it
 * @returns milliseconds since 1970; undefined when it is none
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const imf = IMF_FIXDATE.exec(text)
  if (imf !== null) return utc(imf[3], imf[2], imf[1], imf[4], imf[5], imf[6])
  const old = RFC850.exec(text)
  if (old !== null) return utc(String(fullYear(Number(old[3]), now)), old[2], old[1], old[4], old[5], old[6])
  const asc = ASCTIME.exec(text)
  if (asc !== null) return utc(asc[6], asc[1], asc[2], asc[3], asc[4], asc[5])
  return undefined
}

function fullYear(twoDigits: number, now: number): number {
  const year = new Date(now).getUTCFullYear()
  const guess = year - (year % 100) + twoDigits
  return guess > year + 50 ? guess - 100 : guess
}

function utc(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  ...time: (string | undefined)[]
): number | undefined {
  const [hours = 24, minutes = 60, seconds = 61] = time.map(Number)
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined
  const at = Date.UTC(Number(year), MONTHS.indexOf(month ?? ''), Number(day), hours, minutes, seconds)
  return Number.isNaN(at) ? undefined : at
}
