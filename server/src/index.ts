import { bootstrap } from './plugin/bootstrap';
import { commandService } from './plugin/command-service';
import { destroy } from './plugin/destroy';
import { policies } from './http/policies';
import { controllers, routes } from './http/routes';
import { register } from './plugin/register';

export default { register, bootstrap, destroy, routes, policies, controllers, services: { command: commandService } };
