import { memoryFile } from '@blackhole/site'
import { publish, type PublishComponents, type PublishOptions, type Published } from './publish.ts'

/** What visitors see of a site that was ended, whatever its address. The icon keeps browsers from asking for one. */
const FAREWELL = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>This site has ended</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; color: light-dark(#1a1a24, #ececf3); background: light-dark(#f6f6f9, #0e0e13) }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box }
main { width: min(34rem, 100%) }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem; letter-spacing: -.02em }
p { margin: 0; color: light-dark(#5d5d70, #9c9cb0) }
</style>
</head>
<body>
<main>
<h1>This site has ended</h1>
<p>Its owner has taken it down, so there is nothing more to see here.</p>
</main>
</body>
</html>
`

/** Every address of the site, its front page too, is gone: there is no `index.html` that would come before the rule. */
const EVERYTHING = '/* /gone.html 410\n'

/**
 * Ends a site: publishes a last version with nothing but a page that says so,
 * on which the workers of visitors unregister themselves and forget the site.
 * The key can publish again later, as a newer version.
 */
export async function retire(
  components: PublishComponents,
  options: Omit<PublishOptions, 'retired'>,
): Promise<Published> {
  return await publish(components, [memoryFile('gone.html', FAREWELL), memoryFile('_redirects', EVERYTHING)], {
    ...options,
    retired: true,
  })
}
