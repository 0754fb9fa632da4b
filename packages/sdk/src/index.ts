export * from './peer/block-provider.ts'
export * from './node/create-libp2p.ts'
export * from './node/dial-peer.ts'
