import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Networks } from './networks.ts'

const TABLE = `# prefix,network
192.0.2.0/24,AS64496
192.0.2.128/25,"Example, Inc."
0.0.0.0/1,low
2001:db8::/32,AS64497
2001:db8:1::/48,AS64498
`

test('the longest prefix names the network, of IPv4 and IPv6', () => {
  const networks = Networks.parse(TABLE)
  expect(
    [
      '192.0.2.1',
      '192.0.2.200',
      '::ffff:192.0.2.1',
      '10.1.2.3',
      '198.51.100.1',
      '2001:db8::1',
      '2001:db8:1::1',
      '2001:db9::',
    ].map((address) => networks.of(address)),
  ).toEqual(['AS64496', 'Example, Inc.', 'AS64496', 'low', undefined, 'AS64497', 'AS64498', undefined])
  expect(networks.of('relay.example')).toBeUndefined()
})

test('a place has a prefix in place of the address, and loopback says nothing', () => {
  const networks = Networks.parse(TABLE)
  const [a, b] = [networks.place('192.0.2.1', 7), networks.place('192.0.2.9', 9)]
  expect(a).toEqual({ prefix: b.prefix, network: 'AS64496', rttMs: 7 })
  expect(networks.place('192.0.3.1', 7).prefix).not.toBe(a.prefix)
  expect(networks.place('2001:db8:1:2::1', 7).prefix).toBe(networks.place('2001:db8:1:3::9', 7).prefix)
  for (const address of ['127.0.0.1', '::1', undefined]) expect(networks.place(address, 3)).toEqual({ rttMs: 3 })
})

test.each([
  '192.0.2.0',
  '192.0.2.0/33,x',
  '192.0.2.0/24',
  '192.0.2.0/24,',
  'relay/8,x',
  '2001:db8::/129,x',
  `::/0,${'x'.repeat(101)}`,
])('a wrong line is named: %s', (line) => {
  expect(() => Networks.parse(`# one\n${line}`)).toThrow('line 2')
})

test('a file is read, and one that is not there is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-networks-'))
  await writeFile(join(folder, 'networks.csv'), TABLE)
  expect((await Networks.load(join(folder, 'networks.csv'))).of('192.0.2.1')).toBe('AS64496')
  await expect(Networks.load(join(folder, 'none.csv'))).rejects.toThrow('networks')
  expect((await Networks.load('')).of('192.0.2.1')).toBeUndefined()
  await rm(folder, { recursive: true })
})
