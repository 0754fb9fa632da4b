import { blockTargets } from './targets/blocks.ts'
import { channelTargets } from './targets/channel.ts'
import { frameTargets } from './targets/frames.ts'
import { mediaTargets } from './targets/media.ts'
import { messageTargets } from './targets/messages.ts'
import { nameTargets } from './targets/names.ts'
import { relayTargets } from './targets/relay.ts'
import { signedTargets } from './targets/signed.ts'
import { siteTargets } from './targets/site.ts'
import { trackerTargets } from './targets/tracker.ts'
import type { Target } from './harness/target.ts'

/** Every decoder that is fuzzed. */
export async function allTargets(): Promise<Target[]> {
  return [
    ...messageTargets(),
    ...frameTargets(),
    ...channelTargets(),
    ...siteTargets(),
    ...mediaTargets(),
    ...(await signedTargets()),
    ...blockTargets(),
    ...(await nameTargets()),
    ...(await trackerTargets()),
    ...relayTargets(),
  ]
}
