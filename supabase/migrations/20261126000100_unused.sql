-- Functions of earlier versions that nothing calls any more.

drop function if exists public.dailies_queue(int);
drop function if exists public.dailies_open_attempts();
