import { expect, test } from 'vitest'
import { Complaints } from './complaints.ts'

test('keeps what concerns this machine', () => {
  const complaints = new Complaints(['my.test'])
  for (const host of ['localhost:1', 'k51.localhost:1', '127.0.0.1:1', 'my.test']) {
    complaints.answered('GET', `http://${host}/a`, 404)
    complaints.console(`of ${host}`, `http://${host}/a`)
  }
  expect(complaints.failedRequests).toEqual([
    'GET http://localhost:1/a : 404',
    'GET http://k51.localhost:1/a : 404',
    'GET http://127.0.0.1:1/a : 404',
    'GET http://my.test/a : 404',
  ])
  expect(complaints.consoleErrors).toHaveLength(4)
})

test('leaves out other origins, however they look', () => {
  const complaints = new Complaints([])
  for (const host of ['cdn.example', 'localhost.example', 'notlocalhost', '127.0.0.1.example']) {
    complaints.failed('GET', `https://${host}/a`, 'net::ERR_NAME_NOT_RESOLVED')
    complaints.console('Failed to load resource', `https://${host}/a`)
  }
  expect([complaints.failedRequests, complaints.consoleErrors]).toEqual([[], []])
})

test('a request that somebody cancelled did not fail', () => {
  const complaints = new Complaints([])
  complaints.failed('GET', 'http://localhost/a', 'net::ERR_ABORTED')
  complaints.failed('GET', 'http://localhost/a', 'NS_BINDING_ABORTED')
  complaints.failed('GET', 'http://localhost/a', 'net::ERR_CONNECTION_REFUSED')
  expect(complaints.failedRequests).toEqual(['GET http://localhost/a : net::ERR_CONNECTION_REFUSED'])
})

test('messages without a place are the page’s own', () => {
  const complaints = new Complaints([])
  complaints.console('one', undefined)
  complaints.console('two', '')
  complaints.uncaught(new TypeError('three'))
  expect(complaints.consoleErrors).toEqual(['one', 'two', 'three'])
})

test('what Firefox says without a URL of a body that was broken off is told as a failed request', () => {
  const complaints = new Complaints([])
  const said = 'A ServiceWorker intercepted the request and encountered an unexpected error.'
  complaints.uncaught(new Error(`Failed to load ‘’. ${said}`))
  complaints.failed('GET', 'http://localhost/left', 'NS_BINDING_ABORTED')
  expect([complaints.consoleErrors, complaints.failedRequests]).toEqual([[], []])
  complaints.failed('GET', 'http://localhost/broken', 'NS_ERROR_FAILURE')
  expect(complaints.failedRequests).toEqual(['GET http://localhost/broken : NS_ERROR_FAILURE'])

  // A handler that rejected names the request.
  complaints.uncaught(new Error(`Failed to load ‘http://localhost/a’. ${said}`))
  expect(complaints.consoleErrors).toHaveLength(1)
})
