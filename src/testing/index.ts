/** For the tests of programs that use Kedge: a real one, to start, kill and restart. */
export { type Kedge, type KedgeOptions, startKedge } from './start-kedge.ts';
