namespace tocsin {}
