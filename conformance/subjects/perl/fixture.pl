#!/usr/bin/env perl
# The original, AnyEvent::MP, as a subject of the conformance kit: a node with the fixture, or a
# simple client. It uses only what the module documents, in both generations; README.md says how.

use strict;
use warnings;

# Nobody's own configuration counts: generation 2 is told so by `norc`, generation 1 only like this.
BEGIN { require File::Spec; $ENV{PERL_ANYEVENT_MP_RC} = File::Spec->devnull }

use AnyEvent;
use AnyEvent::MP;
use AnyEvent::MP::Kernel ();
use Encode ();
use Getopt::Long ();
use JSON::XS ();

# How long a client waits for its answer, in seconds. The module tells nobody why there is none.
my $PATIENCE = 4;

# --- a node ---------------------------------------------------------------------------------

sub usage {
    print STDERR <<"TEXT";
usage: $0 [--bind HOST:PORT] [--seed HOST:PORT,...] [--secret TEXT] [--node-id ID] [--cert PEM]
           a node; what is not given is taken from AEMP_TEST_BIND and so on
       $0 SEED SECRET NODE_ID PORT ARG...
           a simple client
TEXT
    exit 2;
}

sub settings {
    my @names = qw(bind seed secret node_id cert);
    my %from = map { $_ => $ENV{"AEMP_TEST_\U$_"} // "" } @names;
    Getopt::Long::GetOptions (map { (tr/_/-/r . "=s" => \$from{$_}) } @names) or usage ();
    usage () if @ARGV || !length $from{node_id} || !length $from{bind};
    exit 127 if $from{secret} =~ /\n/;    # several: the module has one
    return %from;
}

sub node {
    my %from = @_;
    my %config = (
        norc   => 1,
        nodeid => $from{node_id},
        binds  => [$from{bind}],
        seeds  => [split /,/, $from{seed}],
    );
    $config{secret} = $from{secret} if length $from{secret};
    $config{cert} = contents ($from{cert}) if length $from{cert};
    # Suite, framing and `cleartext` need nothing: each generation offers all that it has.
    configure (%config);

    rcv "$NODE#echo", \&echo;
    rcv "$NODE#conformance", \&request;
    AnyEvent->condvar->recv;
}

sub contents {
    my ($path) = @_;
    open my $file, "<", $path or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

# --- the fixture ----------------------------------------------------------------------------

my %watched;    # reply port and watched port: the guard of the monitor
my %member;     # reply port and group: the port that joined, and its guard

# What the verbs do. Their first argument is the reply port.
my %does = (
    make => sub {
        my ($to, $name) = @_;
        snd $to, make => rcv "$NODE#$name", \&echo;
    },
    kill => sub {
        my ($to, $name, @reason) = @_;
        my $port = $name =~ /#/ ? $name : "$NODE#$name";
        snd $to, kill => $port;
        kil $port, @reason;
    },
    die => sub {
        my ($to, $name, $text) = @_;
        snd $to, die => "$NODE#$name";
        peval "$NODE#$name", sub { die "$text\n" };
    },
    monitor => sub {
        my ($to, $port) = @_;
        snd $to, monitor => $port;
        my $key = "$to\0$port";
        $watched{$key} = mon $port, sub {
            delete $watched{$key};
            snd $to, down => $port, @_;
        };
    },
    unmonitor => sub {
        my ($to, $port) = @_;
        delete $watched{"$to\0$port"};
        snd $to, unmonitor => $port;
    },
    send => sub {
        my ($to, $port, $count) = @_;
        snd $port, $_ + 0 for 1 .. $count;
        snd $to, send => $port;
    },
    spawn => sub {
        my ($to, $node, $function, @arguments) = @_;
        snd $to, spawn => spawn $node, $function, @arguments;
    },
    call => sub {
        my ($to, $port, $seconds, @arguments) = @_;
        # No arguments: the time is over. The module cannot tell this from an empty answer.
        my $end = sub { snd $to, call => $port, @_ ? (JSON::XS::true (), @_) : JSON::XS::false () };
        cal $port, @arguments, $end, $seconds;
    },
    nodes => sub {
        my ($to) = @_;
        snd $to, nodes => [AnyEvent::MP::Kernel::up_nodes ()];
    },

    # Port groups are generation 1's.
    join => sub {
        my ($to, $group) = @_;
        my $register = AnyEvent::MP::Global->can ("grp_reg") or return snd $to, join => "unsupported";
        my $port = port { };
        $member{"$to\0$group"} = [$port, $register->($group, $port)];
        snd $to, join => $port;
    },
    leave => sub {
        my ($to, $group) = @_;
        my $member = delete $member{"$to\0$group"} or return snd $to, leave => "unsupported";
        kil $member->[0];
        snd $to, leave => $member->[0];
    },
    group => sub {
        my ($to, $group) = @_;
        my $members = AnyEvent::MP::Global->can ("grp_get") or return snd $to, group => "unsupported";
        snd $to, group => $members->($group) || [];
    },
);

# A request that makes no sense must not end the fixture.
sub request {
    my ($verb, @arguments) = @_;
    my $does = $does{$verb} || sub { snd $_[0], $verb, "unsupported" };
    eval { $does->(@arguments); 1 } or warn "the fixture: $@";
    return;
}

# Sends a message without its reply port ID there: the last element, else the first.
sub echo {
    my @message = @_;
    my $to = is_port ($message[-1]) ? pop @message : shift @message;
    snd $to, @message if is_port ($to);
    return;
}

sub is_port {
    my ($value) = @_;
    return defined $value && !ref $value && $value =~ /^[^#]+#/;
}

# Init functions are Perl functions, called by their names.
sub conformance::echo { rcv $SELF, \&echo }
sub conformance::die  { die "$_[0]\n" }
sub conformance::idle { return }

# --- a simple client ------------------------------------------------------------------------

sub client {
    my ($seed, $secret, $node_id, $port, @arguments) = @_;
    usage () unless defined $port;
    my $json = JSON::XS->new->utf8->allow_nonref;
    my @message = map { /^[\[{"]/ ? $json->decode ($_) : Encode::decode_utf8 ($_) } @arguments;

    configure (
        norc   => 1,
        nodeid => $node_id,
        binds  => [],
        seeds  => [$seed],
        secret => $secret,
    );
    my $late = AnyEvent->timer (after => $PATIENCE, cb => sub {
        print STDERR "no answer in $PATIENCE s: is the address, the secret or the port wrong?\n";
        exit 1;
    });
    my $reply = port {
        print $json->encode ([@_]), "\n";
        exit 0;
    };
    # Who the other node is shows when the connection is up, in a callback that should not send.
    my $soon;
    my $events = AnyEvent::MP::Kernel::mon_nodes (sub {
        my ($peer, $is_up) = @_;
        return unless $is_up;
        $soon = AnyEvent->timer (after => 0, cb => sub { snd "$peer#$port", @message, $reply });
    });
    AnyEvent->condvar->recv;
}

if (@ARGV && $ARGV[0] !~ /^-/) {
    client (@ARGV);
} else {
    node (settings ());
}
