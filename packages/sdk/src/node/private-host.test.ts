import { describe, expect, it } from 'vitest'
import { isPrivateHost } from './private-host.ts'

describe('isPrivateHost', () => {
  it.each([
    'localhost',
    'k51abc.localhost',
    'LOCALHOST.',
    'printer.local',
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.9',
    '172.16.0.1',
    '172.31.255.255',
    '169.254.1.1',
    '[::1]',
    'fd00::1',
    '[fe80::1]',
  ])('%s is private', (host) => {
    expect(isPrivateHost(host)).toBe(true)
  })

  it.each(['relay.example', '8.8.8.8', '172.32.0.1', '192.169.0.1', '[2001:db8::1]', 'localhost.example', '11.0.0.1'])(
    '%s is public',
    (host) => {
      expect(isPrivateHost(host)).toBe(false)
    },
  )
})
