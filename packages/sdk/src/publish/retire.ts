import { memoryFile } from '@blackhole/site'
import { publish, type PublishComponents, type PublishOptions, type Published } from './publish.ts'

/** What visitors see of a site that was ended, unless its owner leaves another page. */
const FAREWELL = `<!doctype html>
<meta charset="utf-8">
<title>This site has ended</title>
<p>The owner of this site has ended it.</p>
`

/**
 * Ends a site: publishes a last version with nothing but a page that says so,
 * on which the workers of visitors unregister themselves and forget the site.
 * The key can publish again later, as a newer version.
 */
export async function retire(
  components: PublishComponents,
  options: Omit<PublishOptions, 'retired'>,
): Promise<Published> {
  return await publish(components, [memoryFile('index.html', FAREWELL)], { ...options, retired: true })
}
