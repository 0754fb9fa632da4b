import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { clientAddress } from './client-address.ts'

function from(remoteAddress: string, forwarded?: string | string[]): IncomingMessage {
  return { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } } as unknown as IncomingMessage
}

test.each([
  ['nobody said that there is a proxy', false, from('127.0.0.1', '198.51.100.1'), '127.0.0.1'],
  ['a stranger says that it is another', true, from('203.0.113.5', '198.51.100.1'), '203.0.113.5'],
  ['the proxy says who it is', true, from('127.0.0.1', '198.51.100.1'), '198.51.100.1'],
  ['the proxy of an IPv6 socket', true, from('::ffff:127.0.0.1', '198.51.100.1'), '198.51.100.1'],
  [
    'what the visitor said comes first, what the proxy added last',
    true,
    from('::1', '1.1.1.1, 198.51.100.1'),
    '198.51.100.1',
  ],
  ['several headers are one list', true, from('::1', ['1.1.1.1', '198.51.100.1']), '198.51.100.1'],
  ['the proxy says nothing', true, from('127.0.0.1'), '127.0.0.1'],
] as const)('%s', (_, trustProxy, request, address) => {
  expect(clientAddress(request, trustProxy)).toBe(address)
})
