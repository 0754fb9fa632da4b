import { runCommand } from './command.ts'

/** Options of {@link publishFolder}. */
export interface PublishProcessOptions {
  /** Origin of the relay. */
  readonly relay: string
  /** Key file; left out, the command makes one in `home`. */
  readonly key?: string
  /** Stands for `~/.blackhole`, so that a test never touches a person's keys. */
  readonly home: string
  /** Further arguments of `blackhole publish`. */
  readonly args?: readonly string[]
}

/** What `blackhole publish --json` prints: a part of the contract with programs. */
export interface PublishResult {
  readonly name: string
  readonly root: string
  readonly version: number
  readonly url: string
  readonly files: number
  readonly bytes: number
  readonly newPieces: number
  readonly newBytes: number
}

/**
 * Publishes a folder with the command, as a developer does.
 *
 * @throws with what the command said, when it fails or prints anything else than one JSON object
 */
export async function publishFolder(folder: string, options: PublishProcessOptions): Promise<PublishResult> {
  const key = options.key === undefined ? [] : ['--key', options.key]
  const args = ['publish', folder, '--relay', options.relay, ...key, '--json', ...(options.args ?? [])]
  const { code, stdout, stderr } = await runCommand(args, { env: { BLACKHOLE_HOME: options.home } })
  if (code !== 0) throw new Error(`blackhole publish ended with ${code}\n${stderr}`)
  const lines = stdout.trimEnd().split('\n')
  if (lines.length !== 1) throw new Error(`blackhole publish printed more than one line:\n${stdout}`)
  return JSON.parse(stdout) as PublishResult
}
