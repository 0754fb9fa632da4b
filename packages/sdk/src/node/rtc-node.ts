import { RTCPeerConnection } from 'node-datachannel/polyfill'

/** WebRTC for Node: the class that `@libp2p/webrtc` uses there too. */
export function peerConnectionClass(): typeof RTCPeerConnection | undefined {
  return RTCPeerConnection
}
