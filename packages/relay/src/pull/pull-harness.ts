import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a test's origin answers. */
export interface TestAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | number | readonly string[]>>
  readonly body?: string | Uint8Array
}

/** A question that a test's origin was asked. */
export interface TestQuestion {
  readonly path: string
  readonly headers: NodeJS.Dict<string | string[]>
}

/** A web server whose answers a test changes, and that writes down what it was asked. */
export interface TestOrigin {
  readonly origin: string
  readonly questions: TestQuestion[]
  /** Answers by path, made at each question. Others are 404. */
  readonly answers: Map<string, (question: TestQuestion) => TestAnswer>
  /** How often a path was asked for. */
  count(path: string): number
  stop(): Promise<void>
}

/** Starts one. */
export async function startTestOrigin(): Promise<TestOrigin> {
  const answers: TestOrigin['answers'] = new Map()
  const questions: TestQuestion[] = []
  const server = createServer(({ url = '/', headers }, response) => {
    const question = { path: url, headers }
    // Of another clock than the relay's, which a test sets.
    response.sendDate = false
    questions.push(question)
    const { status = 200, headers: fields = {}, body = '' } = answers.get(url)?.(question) ?? { status: 404 }
    for (const [name, value] of Object.entries(fields)) response.setHeader(name, value)
    response.writeHead(status).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://localhost:${String((server.address() as AddressInfo).port)}`,
    questions,
    answers,
    count: (path) => questions.filter((question) => question.path === path).length,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
