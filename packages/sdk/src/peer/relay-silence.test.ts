import { expect, it } from 'vitest'
import { BlackholeError, type RelayInfo } from '@blackhole/protocol'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { ASK_AGAIN_MS, RelaySilence } from './relay-silence.ts'

it('asks a relay that serves no content again after a while, once for all who want to know', async () => {
  let now = 0
  let asked = 0
  let serving: boolean | undefined = false
  const info = async (): Promise<RelayInfo> => {
    asked++
    if (serving === undefined) throw new BlackholeError('unavailable', 'It is down')
    return Promise.resolve({ serving } as RelayInfo)
  }
  const client = { info } as unknown as RelayClient
  const silence = new RelaySilence({ now: () => now })
  await silence.ask(client, new AbortController().signal)
  const manyAsk = async (): Promise<boolean[]> =>
    Promise.all([silence.isSilent(client), silence.isSilent(client), silence.isSilent(client)])

  serving = true
  now += ASK_AGAIN_MS - 1
  expect([await manyAsk(), asked], 'too early').toEqual([[true, true, true], 1])
  now += 1
  expect([await manyAsk(), asked], 'it serves again').toEqual([[false, false, false], 2])
  now += ASK_AGAIN_MS
  expect([await manyAsk(), asked], 'nothing to ask').toEqual([[false, false, false], 2])

  serving = false
  await silence.ask(client, new AbortController().signal)
  serving = undefined
  now += ASK_AGAIN_MS
  expect([await manyAsk(), asked], 'down: what it said stands').toEqual([[true, true, true], 4])
  now += ASK_AGAIN_MS - 1
  expect([await manyAsk(), asked], 'for another while').toEqual([[true, true, true], 4])
})
