import subprocess, sys, os
from tests import servers
CODE='''
import time, sys, atexit
import django; django.setup()
t0=time.monotonic()
from antifraud.doors.loop import Loop
from antifraud.doors.relay import Relay
r=Relay(lambda: False); r.turn()
if sys.argv[1]=="gc":
    import gc; gc.freeze(); gc.disable()
print(time.monotonic(), flush=True)
atexit.register(lambda: print("atexit", time.monotonic(), flush=True))
'''
def test_x(world):
    import time
    for a in ("plain","gc"):
        p=subprocess.Popen([sys.executable,"-c",CODE,a],cwd=servers.ROOT,env=dict(os.environ),stdout=subprocess.PIPE,text=True)
        out=p.stdout.read(); p.wait(); print("RES",a,out.split(), time.monotonic())
