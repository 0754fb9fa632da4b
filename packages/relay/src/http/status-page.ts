/** Placeholder until the page below is written. */
export const STATUS_PAGE = '<!doctype html><title>Blackhole relay</title>'
