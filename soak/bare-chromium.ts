import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromiumFlags, requireBrowser } from '@blackhole/testkit'
import { DevTools } from './devtools.ts'

/** A page in the background is slowed down; this one is what a visitor looks at. */
const FOREGROUND = ['--disable-renderer-backgrounding', '--disable-background-timer-throttling']

const START_TIMEOUT_MS = 60_000
const START_CHECK_MS = 100

/** Something that has a debugger. */
export interface Target {
  readonly type: string
  readonly url: string
  readonly webSocketDebuggerUrl: string
}

/**
 * A Chromium that nothing watches but what is asked of it here. Those that drive browsers for tests have DevTools keep
 * the bodies of all answers, up to 100 MB in the page's process: memory that would be taken for the page's.
 */
export class BareChromium {
  readonly browser: DevTools
  readonly #process: ChildProcess
  readonly #port: string

  private constructor(process: ChildProcess, browser: DevTools, port: string) {
    this.#process = process
    this.browser = browser
    this.#port = port
  }

  /**
   * Starts it with an empty page.
   *
   * @param profile - an empty folder
   */
  static async start(profile: string): Promise<BareChromium> {
    const own = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
    const child = spawn(requireBrowser('chromium'), [...chromiumFlags(), ...FOREGROUND, ...own], { stdio: 'ignore' })
    const end = (): boolean => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    try {
      const [port = '', path = ''] = await portOf(profile)
      return new BareChromium(child, await DevTools.connect(`ws://127.0.0.1:${port}${path}`), port)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  /** Pages and workers that run. */
  async targets(): Promise<Target[]> {
    return (await (await fetch(`http://127.0.0.1:${this.#port}/json/list`)).json()) as Target[]
  }

  /** Ends it, and waits until it has. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    await this.browser.send('Browser.close').catch(() => this.#process.kill('SIGKILL'))
    await ended
    this.browser.close()
  }
}

/** Port and path of the debugger, which Chromium writes into its profile. */
async function portOf(profile: string): Promise<string[]> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const lines = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n')
    if (lines.length >= 2) return lines
    if (performance.now() > deadline) throw new Error('Chromium did not start')
    await new Promise((resolve) => setTimeout(resolve, START_CHECK_MS))
  }
}
