/** Access tokens: JSON Web Tokens, verified by the library that its documentation suggests. */

import jwt from 'jsonwebtoken';

const { JWT_SECRET = 'a secret of the benchmark, 32 bytes' } = process.env;

/** Middleware that requires an access token, and names its account. */
export function requireAccount(request, response, next) {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  try {
    request.accountId = jwt.verify(token, JWT_SECRET, { algorithms: ['HS256'] }).sub;
  } catch {
    response.status(401).json({ code: 'not_signed_in', message: 'Sign in.' });
    return;
  }
  next();
}
