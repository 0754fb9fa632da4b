import { createHash, timingSafeEqual } from 'node:crypto'
import { API_PATH, TokenError, ValidationError } from '@blackhole/protocol'
import { MAX_JSON_BYTES } from '../../limits.ts'
import { readJson } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'

/** What the operator may do while the relay runs, with the token from DATA/admin-token. */
export function adminRoutes(app: HttpApp, context: HttpContext): void {
  app.post(`${API_PATH}/admin/content`, async (c) => {
    const given = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? ''
    if (!same(given, context.adminToken))
      throw new TokenError('forbidden', 'This needs the token in the file admin-token of the data folder', {
        subject: 'authorization',
      })
    const { serving } = await readJson(c.req.raw, MAX_JSON_BYTES)
    if (typeof serving !== 'boolean') throw new ValidationError('serving', 'true or false', serving)
    context.contentSwitch.set(serving)
    context.log.info({ serving }, 'content switched')
    return c.json({ serving })
  })
}

/** Compares without telling how much was right. */
function same(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
