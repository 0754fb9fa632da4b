import { gossipsub } from '@libp2p/gossipsub'
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht'
import { createHash } from 'node:crypto'
import { MAX_CONTROL_MESSAGE_BYTES } from '@blackhole/protocol'
import { FELLOW_SEARCH_MS, MAX_DHT_ENTRIES } from './limits.ts'
import { BoundedDatastore } from './bounded-datastore.ts'
import type { FellowGate } from './fellow-gate.ts'

/** The DHT of Blackhole's relays: none of the public one, whose nodes are strangers. */
export const KAD_PROTOCOL = '/blackhole/kad/1.0.0'

/** Topic of GossipSub for site records. */
export const RECORDS_TOPIC = '/blackhole/records/1.0.0'

/** A fellow below this score is not listened to; GossipSub's own value. */
export const GRAYLIST_THRESHOLD = -80

/** What {@link federationServices} makes, for libp2p to start and stop. */
export interface FederationServices {
  dht: (components: KadDHTComponents) => KadDHT
  pubsub: (components: GossipSubComponents) => GossipSub
}

/**
 * Kademlia and GossipSub among the relays that a gate admits.
 *
 * @param init.allowPrivate - addresses of this machine or a private network are passed on in the DHT
 */
export function federationServices(gate: FellowGate, init: { allowPrivate: boolean }): FederationServices {
  return {
    dht: ({ peerId, privateKey, registrar, addressManager, peerStore, connectionManager, events, logger, ping }) =>
      kadDHT({
        protocol: KAD_PROTOCOL,
        clientMode: false,
        logPrefix: 'blackhole:kad',
        datastorePrefix: '/blackhole-kad',
        peerInfoMapper: init.allowPrivate ? passthroughMapper : removePrivateAddressesMapper,
        querySelfInterval: FELLOW_SEARCH_MS,
      })({
        peerId,
        privateKey,
        registrar: gate.registrarFor(registrar),
        addressManager,
        peerStore,
        connectionManager,
        datastore: new BoundedDatastore({ maxEntries: MAX_DHT_ENTRIES }),
        events,
        logger,
        ping,
      }),
    pubsub: ({ privateKey, peerId, peerStore, registrar, connectionManager, logger }) =>
      gossipsub({
        allowedTopics: [RECORDS_TOPIC],
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        asyncValidation: false,
        emitSelf: false,
        doPX: false,
        maxInboundDataLength: MAX_CONTROL_MESSAGE_BYTES,
        // The same record from two relays is one message.
        msgIdFn: (message) => createHash('sha256').update(message.data).digest(),
        scoreParams: {
          topics: { [RECORDS_TOPIC]: RECORDS_SCORE },
          // Relays may be neighbours in a data centre; what they send is judged, not where they are.
          IPColocationFactorWeight: 0,
        },
        scoreThresholds: { graylistThreshold: GRAYLIST_THRESHOLD },
      })({
        privateKey,
        peerId,
        peerStore,
        registrar: gate.registrarFor(registrar),
        connectionManager,
        logger,
      }),
  }
}

/**
 * How relays judge one another. Refused records cost 20 times the square of
 * their number, which halves in about a minute: after one a relay is not told
 * for a while what there is (-10), after two not sent what is published (-50),
 * after three not listened to ({@link GRAYLIST_THRESHOLD}). Rates of delivery
 * are no measure here: a federation may be silent for days
 * (GossipSub v1.1, "Peer scoring", P3 and P4).
 */
const RECORDS_SCORE = Object.freeze({
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 100,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.99,
  firstMessageDeliveriesCap: 10,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.99,
})
