import { writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RELAY_DEFAULTS, RELAY_OPTIONS, checkRelayInit } from './config.ts'
import { flagOf, parseRelayConfig, variableOf } from './config-sources.ts'

const NAME = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'

function file(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'blackhole-config-')), 'relay.json')
  writeFileSync(path, content)
  return path
}

describe('configuration', () => {
  test('a flag wins over a variable, a variable over the file, the file over the default', () => {
    const path = file(JSON.stringify({ port: 1, stunPort: 2, host: '0.0.0.0', logLevel: 'warn' }))
    expect(
      parseRelayConfig({
        file: path,
        env: { BLACKHOLE_PORT: '3', BLACKHOLE_STUN_PORT: '4', PATH: '/bin' },
        flags: { port: '5', data: undefined },
      }),
    ).toEqual({ ...RELAY_DEFAULTS, port: 5, stunPort: 4, host: '0.0.0.0', logLevel: 'warn' })
  })

  test('every option has a default, a line of help, a flag and a variable', () => {
    expect(RELAY_OPTIONS.map(({ name }) => name).sort()).toEqual(Object.keys(RELAY_DEFAULTS).sort())
    expect(checkRelayInit({})).toEqual(RELAY_DEFAULTS)
    expect(['2.5', 2.5].map((uplinkMbit) => checkRelayInit({ uplinkMbit }).uplinkMbit)).toEqual([2.5, 2.5])
    expect([flagOf('stunPort'), variableOf('maxSocketsPerAddress')]).toEqual([
      '--stun-port',
      'BLACKHOLE_MAX_SOCKETS_PER_ADDRESS',
    ])
  })

  test.each([
    [{ port: 65_536 }, 'port'],
    [{ port: 'http' }, 'port'],
    [{ port: 1.5 }, 'port'],
    [{ prot: 80 }, 'prot'],
    [{ content: 'maybe' }, 'content'],
    [{ publicUrl: 'relay.example' }, 'publicUrl'],
    [{ publicUrl: 'https://relay.example/path' }, 'publicUrl'],
    [{ siteHost: 'http://x' }, 'siteHost'],
    [{ aliases: 'docs=nonsense' }, 'aliases.docs'],
    [{ aliases: { Docs: NAME } }, 'aliases'],
    [{ quotaBytes: -1 }, 'quotaBytes'],
    [{ maxTotalBytes: -2 }, 'maxTotalBytes'],
    [{ hotBytes: -1 }, 'hotBytes'],
    [{ publishers: `${NAME},nonsense` }, 'publishers'],
    [{ publishers: { docs: NAME } }, 'publishers'],
    [{ newSitesPerHourPerAddress: 'many' }, 'newSitesPerHourPerAddress'],
    [{ maxAnswersPerAddress: 0 }, 'maxAnswersPerAddress'],
    [{ uplinkMbit: -1 }, 'uplinkMbit'],
    [{ uplinkMbit: 'fast' }, 'uplinkMbit'],
    [{ uplinkMbit: NaN }, 'uplinkMbit'],
    [{ logLevel: 'loud' }, 'logLevel'],
    [{ data: '' }, 'data'],
    [{ host: '' }, 'host'],
  ])('%j is refused, naming the field', (values, field) => {
    expect(() => checkRelayInit(values)).toThrow(expect.objectContaining({ name: 'ValidationError', subject: field }))
  })

  test('unknown variables and files that are no JSON object are refused', () => {
    expect(() => parseRelayConfig({ env: { BLACKHOLE_PROT: '1' } })).toThrow(
      /BLACKHOLE_PROT must be one of .*BLACKHOLE_PORT/,
    )
    expect(() => parseRelayConfig({ file: '/nowhere/relay.json' })).toThrow(
      expect.objectContaining({ reason: 'missing', message: "config: the file /nowhere/relay.json can't be read" }),
    )
    expect(() => parseRelayConfig({ file: file('{') })).toThrow(/config must be a file of JSON \(.*JSON/)
    expect(() => parseRelayConfig({ file: file('[]') })).toThrow(/config must be/)
  })

  test('a wrong value is named as it was written: flag, variable or key of the file', () => {
    const wrong = { stunPort: 'many' }
    const path = file(JSON.stringify(wrong))
    const env = { BLACKHOLE_STUN_PORT: 'many' }
    const messageOf = (sources: Parameters<typeof parseRelayConfig>[0]): unknown => {
      try {
        return parseRelayConfig(sources)
      } catch (error) {
        expect(error).toMatchObject({ name: 'ValidationError', subject: expect.stringMatching(/^(stunPort|aliases)/) })
        return (error as Error).message.split(' must be')[0]
      }
    }
    expect(messageOf({ file: path })).toBe('stunPort')
    expect(messageOf({ file: path, env })).toBe('BLACKHOLE_STUN_PORT')
    expect(messageOf({ file: path, env, flags: wrong })).toBe('--stun-port')
    expect(messageOf({ flags: { aliases: 'docs=nonsense' } })).toBe('--aliases.docs')
  })

  test('publishers are read from text and from a list', () => {
    for (const publishers of [` ${NAME}, ${NAME},`, [NAME, NAME]])
      expect(checkRelayInit({ publishers }).publishers).toEqual([NAME, NAME])
    expect(checkRelayInit({ publishers: '' }).publishers).toEqual([])
  })

  test('aliases are read from text and from an object', () => {
    expect(checkRelayInit({ aliases: ` docs=${NAME}, example.com=${NAME} ` }).aliases).toEqual({
      docs: NAME,
      'example.com': NAME,
    })
    expect(checkRelayInit({ aliases: { docs: NAME } }).aliases).toEqual({ docs: NAME })
  })
})
