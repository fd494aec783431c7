"""The flagship: an n-tuple classifier (WiSARD) whose votes are confirmed by deformable nearest neighbours."""
