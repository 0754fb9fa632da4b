/**
 * Cross-origin access to what is public and carries no cookies: any page may
 * read it, as the trustless gateway specification has it. What needs authority
 * asks for a bearer token, which no other page has.
 */
export const CORS_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Content-Length, Content-Range, ETag, X-Ipfs-Path, X-Ipfs-Roots',
  'Cross-Origin-Resource-Policy': 'cross-origin',
})

/** Answer to a preflight. */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS_HEADERS,
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, OPTIONS',
      'Access-Control-Allow-Headers': 'Authorization, Content-Type, If-None-Match, Range',
      'Access-Control-Max-Age': '7200',
    },
  })
}

/** Adds the headers to a response. */
export function withCors(response: Response): Response {
  for (const [name, value] of Object.entries(CORS_HEADERS)) response.headers.set(name, value)
  return response
}
