import { bootstrap } from './bootstrap';
import { commandService } from './command-service';
import { destroy } from './destroy';
import { controllers } from './http/controllers';
import { policies } from './http/policies';
import { routes } from './http/routes';
import { register } from './register';

export default { register, bootstrap, destroy, routes, policies, controllers, services: { command: commandService } };
