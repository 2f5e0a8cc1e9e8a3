# From the driver's doorbell into the card: gdb -x docs/doorbell.gdb --args build/debug/bin/ixy-pktgen sim:82540em --count 4
set pagination off
set print frame-arguments none
skip -gfi /usr/include/c++/*/*

# The driver has filled a batch of descriptors and is about to write the tail register …
break ixy::e1000::TransmitRing::post
run
# … and this is where the card notices.
break ixy::sim::e1000::Transmit::run
continue
backtrace
