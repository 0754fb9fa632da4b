/** Version of the relay's software, as in its package.json. */
export const RELAY_VERSION = '0.1.0'
