import type { Clock } from '../clock';
import { CircuitBreaker } from '../store/resilience/breaker';
import { resilient } from '../store/resilience/decorators';
import type { RetryPolicy } from '../store/resilience/retry';
import type { ObjectStore } from '../store/object-store';
import { probeOf } from './s3-probe';

/** The stores of former buckets at other endpoints than the present one. Each endpoint has a breaker of its own, because one may be away alone. */
export class OtherEndpoints {
  readonly #breakers = new Map<string, CircuitBreaker>();

  constructor(
    private readonly prefix: string,
    private readonly policy: RetryPolicy,
    private readonly clock: Clock,
  ) {}

  over(bucket: ObjectStore, endpoint: string): ObjectStore {
    const known = this.#breakers.get(endpoint);
    const breaker = known ?? new CircuitBreaker(this.clock);
    if (!known) breaker.probeWith(probeOf(bucket, this.prefix));
    this.#breakers.set(endpoint, breaker);
    return resilient(bucket, { breaker, policy: this.policy, clock: this.clock });
  }

  stop(): void {
    for (const breaker of this.#breakers.values()) breaker.stop();
  }
}
