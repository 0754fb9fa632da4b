import { expect, it } from 'vitest'
import { dispatch } from './dispatch.ts'
import type { Handler, SiteRequest } from './handler.ts'

function siteRequest(signal: AbortSignal): SiteRequest {
  const request = new Request('http://site.test/a.js', { signal })
  return {
    request,
    url: new URL(request.url),
    navigates: false,
    clientId: '',
    resultingClientId: '',
    waitUntil: () => undefined,
  }
}

const fails: Handler = {
  name: 'fails',
  canHandle: () => true,
  handle: () => Promise.reject(new Error('the origin is down')),
}

it('passes a failure on, which the page sees as a failed request', async () => {
  await expect(dispatch([fails], siteRequest(new AbortController().signal))).rejects.toThrow('the origin is down')
})

it('answers nobody when whoever asked has gone, since a rejection would be reported as a broken worker', async () => {
  const response = await dispatch([fails], siteRequest(AbortSignal.abort()))
  expect(response?.status).toBe(504)
})
