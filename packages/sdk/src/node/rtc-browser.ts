/** The browser's own WebRTC. Undefined where there is none (a worker, a locked-down browser). */
export function peerConnectionClass(): typeof RTCPeerConnection | undefined {
  return globalThis.RTCPeerConnection
}
