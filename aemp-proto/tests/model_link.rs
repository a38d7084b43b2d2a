//! Every run of two nodes that dial each other, checked exhaustively.
//!
//! The decisions are those of the real [`Arbiter`]; the network, the originals of both generations
//! and the handshake around it are models. A run is every order in which greetings, proofs, messages
//! and ends of connections can arrive, and a number of faults. What must hold in all of them:
//!
//! - a node never has two links, and never delivers messages with a gap;
//! - no message is lost without its sender being told that the link is lost;
//! - without faults exactly one link survives, and nothing is lost at all;
//! - with faults, once nothing happens any more, both nodes agree on the link or its absence, and
//!   who dialled last after a restart has one.
//!
//! Each rule is also taken out, and then some property fails.

#[path = "model/world.rs"]
mod world;

use stateright::{Checker, HasDiscoveries, Model};
use world::{Budget, Kind, Pair, Rule};

/// Checks every run; returns the number of states.
fn check(pair: Pair) -> usize {
    let checker = pair.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    checker.unique_state_count()
}

/// The name of the first property that fails.
fn fails(pair: Pair) -> Option<&'static str> {
    let checker = pair
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .threads(2)
        .spawn_bfs()
        .join();
    checker.discoveries().keys().min().copied()
}

const CROSSING: Budget = Budget {
    dials: [1, 1],
    sends: [2, 2],
    ..Budget::NOTHING
};

#[test]
fn crossing_connections_leave_one_link_and_lose_nothing() {
    for kinds in [
        [Kind::Ours, Kind::Ours],
        [Kind::Ours, Kind::Original],
        [Kind::Original, Kind::Ours],
    ] {
        let states = check(Pair::new(kinds, CROSSING));
        println!("{kinds:?}: {states} states");
        assert!(states > 500, "the model is not trivial");
    }
}

#[test]
fn several_dials_at_once_leave_one_link() {
    let budget = Budget {
        dials: [2, 1],
        sends: [1, 1],
        ..Budget::NOTHING
    };
    for kinds in [[Kind::Ours, Kind::Ours], [Kind::Ours, Kind::Original]] {
        println!("{kinds:?}: {} states", check(Pair::new(kinds, budget)));
    }
}

#[test]
fn no_fault_loses_a_message_silently() {
    let base = Budget {
        dials: [1, 1],
        sends: [1, 1],
        ..Budget::NOTHING
    };
    for kinds in [
        [Kind::Ours, Kind::Ours],
        [Kind::Ours, Kind::Original],
        [Kind::Original, Kind::Ours],
    ] {
        for budget in [
            Budget { breaks: 1, ..base },
            Budget {
                restarts: [1, 0],
                ..base
            },
            Budget {
                restarts: [0, 1],
                ..base
            },
            Budget { timers: 1, ..base },
        ] {
            println!(
                "{kinds:?} {budget:?}: {} states",
                check(Pair::new(kinds, budget))
            );
        }
    }
}

#[test]
fn a_restarted_node_is_let_in() {
    // One dials, one restarts silently and dials again.
    for kinds in [[Kind::Ours, Kind::Ours], [Kind::Ours, Kind::Original]] {
        let budget = Budget {
            dials: [0, 2],
            restarts: [0, 1],
            sends: [1, 1],
            timers: 1,
            ..Budget::NOTHING
        };
        println!("{kinds:?}: {} states", check(Pair::new(kinds, budget)));
    }
}

#[test]
fn a_newcomer_may_meet_a_link_and_a_dial() {
    // The proof of a process that is gone makes a link late, beside a dial to the next process,
    // which dials too.
    for (dials, restarts) in [([1, 2], [0, 1]), ([2, 1], [1, 0])] {
        let budget = Budget {
            dials,
            restarts,
            sends: [1, 1],
            ..Budget::NOTHING
        };
        let pair = Pair::new([Kind::Ours, Kind::Ours], budget).with_meeting();
        println!("{budget:?}: {} states", check(pair));
    }
}

#[test]
fn without_a_rule_a_property_fails() {
    let ours = [Kind::Ours, Kind::Ours];
    let with_original = [Kind::Ours, Kind::Original];
    let restart = Budget {
        dials: [0, 2],
        restarts: [0, 1],
        sends: [1, 1],
        timers: 1,
        ..Budget::NOTHING
    };
    for (rule, kinds, budget) in [
        (Rule::AcceptorLast, ours, CROSSING),
        (Rule::LowerNodeKeepsItsOwn, ours, CROSSING),
        (Rule::NoProofBesideALink, ours, CROSSING),
        (Rule::HoldBackFromAnOriginal, with_original, CROSSING),
        (Rule::AskTheLink, with_original, restart),
        (Rule::RestartReplaces, ours, restart),
        (
            Rule::LossIsTold,
            ours,
            Budget {
                breaks: 1,
                ..CROSSING
            },
        ),
    ] {
        let failed = fails(Pair::new(kinds, budget).without(rule));
        println!("without {rule:?}: {failed:?}");
        assert!(failed.is_some(), "{rule:?} is not needed");
    }
}
