"""x"""

from lib.ui.frame import begin

begin("generate")
