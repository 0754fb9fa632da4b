import { expect, test } from 'vitest'
import { createIgnoreFilter } from './ignore.ts'

test.each([
  ['node_modules', true, true],
  ['a/node_modules/x/index.js', false, true],
  ['.git', true, true],
  ['.git', false, true],
  ['sub/.git/config', false, true],
  ['.blackholeignore', false, true],
  ['.well-known/security.txt', false, false],
  ['.nojekyll', false, false],
  ['.gitignore', false, false],
  ['my_node_modules/x', false, false],
  ['index.html', false, false],
])('without a list: %s', (path, isFolder, ignored) => {
  expect(createIgnoreFilter()(path, isFolder)).toBe(ignored)
})

test('gitignore syntax: globs, folders only, negation, comments, case', () => {
  const filter = createIgnoreFilter('\uFEFF# drafts\n*.psd\r\n/drafts/\n!keep.psd\n!node_modules\n')
  expect(filter('a/b.psd', false)).toBe(true)
  expect(filter('keep.psd', false)).toBe(false)
  expect(filter('drafts', true)).toBe(true)
  expect(filter('drafts', false)).toBe(false)
  expect(filter('sub/drafts', true)).toBe(false)
  expect(filter('b.PSD', false)).toBe(false)
  expect(filter('node_modules', true)).toBe(false)
})
