import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChromiumVisitor, launchChromium, requireBrowser, type Visitor } from '@blackhole/testkit'
import type { LabHost } from '../network/lab-host.ts'

/** A page must not be slowed down for being in the background: here every visitor looks at theirs. */
const FOREGROUND = [
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--disable-background-timer-throttling',
]

/** What a browser of the laboratory knows. */
export interface LabBrowserOptions {
  /** Host names, with `*` for any label, and the address of each: there is no DNS. Addresses that pages name are names here. */
  readonly hosts?: Readonly<Record<string, string>>
  /** Web origins that count as secure though they speak plain HTTP: service workers need it. */
  readonly secureOrigins?: readonly string[]
}

/** The one tab of somebody at a host, in any browser. */
export type LabTab = Pick<Visitor, 'browser' | 'goto' | 'evaluate' | 'waitFor' | 'close'>

/** A person at a host of the laboratory, with a browser and a profile of their own. */
export interface LabVisitor<V extends LabTab = ChromiumVisitor> {
  readonly host: LabHost
  readonly visitor: V
  /** Ends the browser. */
  close(): Promise<void>
}

/**
 * Starts a Chromium on a host.
 *
 * @param folder - for what it needs while it runs
 */
export async function openBrowser(
  host: LabHost,
  folder: string,
  { hosts = {}, secureOrigins = [] }: LabBrowserOptions = {},
): Promise<LabVisitor> {
  // Playwright takes a program and not a command line; exec keeps its pipes and its signals.
  const executable = join(folder, `chromium-${host.name}`)
  const command = [...host.prefix, requireBrowser('chromium')].map((word) => `'${word}'`).join(' ')
  await writeFile(executable, `#!/bin/sh\nexec ${command} "$@"\n`)
  await chmod(executable, 0o755)
  const secure =
    secureOrigins.length === 0 ? [] : [`--unsafely-treat-insecure-origin-as-secure=${secureOrigins.join(',')}`]
  const browser = await launchChromium({ executable, hosts, args: [...FOREGROUND, ...secure] })
  return { host, visitor: await browser.newVisitor(), close: () => browser.close() }
}
