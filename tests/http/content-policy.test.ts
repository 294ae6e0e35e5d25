import { withOrigin } from '../../server/src/http/content-policy';

const ORIGIN = 'https://cdn.example.com';

test.each([
  ['adds the origin to images and media', "default-src 'self';img-src 'self' data:;media-src 'self'", `default-src 'self';img-src 'self' data: ${ORIGIN};media-src 'self' ${ORIGIN}`],
  ['takes the default for what has no directive of its own', "default-src 'self'", `default-src 'self';img-src 'self' ${ORIGIN};media-src 'self' ${ORIGIN}`],
  ['leaves directives that allow nothing', "img-src 'none';media-src 'none'", "img-src 'none';media-src 'none'"],
  ['leaves a policy that does not restrict them', "script-src 'self'", "script-src 'self'"],
  ['leaves directives that allow everything', 'img-src *;media-src *', 'img-src *;media-src *'],
  ['adds the origin once', `img-src 'self' ${ORIGIN};media-src ${ORIGIN}`, `img-src 'self' ${ORIGIN};media-src ${ORIGIN}`],
  ['knows directives in capitals, and with more spaces', "IMG-SRC   'self' ; Media-Src 'self';", `IMG-SRC 'self' ${ORIGIN};Media-Src 'self' ${ORIGIN}`],
])('a policy of the page %s', (_what, policy, expected) => {
  expect(withOrigin(policy, ORIGIN)).toBe(expected);
});
