/**
 * Drives a Firefox on the host where it runs, by commands over IPC; it ends when the channel does.
 *
 *     node firefox-driver.ts '{"names": […], "secureHosts": […]}'     answers with id 0 when it is ready
 */
import process from 'node:process'
import { launchFirefox } from '@blackhole/testkit'

/** What the driver is asked: to open a URL, or to run a text of JavaScript in the page. */
export interface FirefoxCommand {
  readonly id: number
  readonly method: 'prepare' | 'goto' | 'evaluate' | 'waitFor'
  readonly text: string
  readonly timeoutMs?: number
}

/** What came of a command; JSON. */
export interface FirefoxAnswer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

const { names, secureHosts } = JSON.parse(process.argv[2] ?? '{}') as { names: string[]; secureHosts: string[] }

const browser = await launchFirefox({
  hosts: Object.fromEntries(names.map((name) => [name, ''])),
  preferences: {
    // The hosts file has the names: they do not mean this host.
    'network.dns.localDomains': '',
    // Plain HTTP counts as secure there, service workers included.
    'dom.securecontext.allowlist': secureHosts.join(','),
    // What a secure page shows by plain HTTP would be asked for by HTTPS, which nobody speaks here.
    'security.mixed_content.upgrade_display_content': false,
  },
})
const visitor = await browser.newVisitor()

process.on('message', (message) => {
  const command = message as FirefoxCommand
  const { id } = command
  run(command).then(
    (value) => answer({ id, value: value ?? null }),
    (error: unknown) => answer({ id, error: String(error) }),
  )
})
process.on('disconnect', () => {
  void browser.close().finally(() => process.exit(0))
})
answer({ id: 0 })

async function run({ method, text, timeoutMs = 0 }: FirefoxCommand): Promise<unknown> {
  if (method === 'goto') return await visitor.goto(text, { timeoutMs })
  if (method === 'prepare') return await visitor.page.evaluateOnNewDocument(`(${text})()`)
  if (method === 'evaluate') return await visitor.page.evaluate(text)
  // By time and not by frame: Firefox draws none in the background.
  await visitor.page.waitForFunction(text, { timeout: timeoutMs, polling: 50 })
  return undefined
}

function answer(message: FirefoxAnswer): void {
  process.send?.(message)
}
